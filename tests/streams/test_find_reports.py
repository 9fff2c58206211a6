"""The command that finds reports: what it lists, and that what it gives to paste works."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest

from tap_servicetitan.cli import reports
from tap_servicetitan.sandbox.reporting import definitions
from tests.support.reporting import NO_WAIT, read

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tap_servicetitan.sandbox.server import Sandbox


@pytest.fixture
def command(
    sandbox: Sandbox, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> Callable[..., tuple[int, str, str]]:
    """Run the command with the sandbox's settings; what is broken in the reports that they name is no matter."""
    file = tmp_path / "config.json"
    file.write_text(json.dumps(sandbox.config | {"custom_reports": [{"broken": True}]}))

    def run(*arguments: object) -> tuple[int, str, str]:
        code = reports.main(["--config", str(file), *map(str, arguments)])
        return code, *capsys.readouterr()

    return run


def test_categories_are_listed(command: Callable[..., tuple[int, str, str]], sandbox: Sandbox) -> None:
    """Without more, all categories are listed by the id that the settings want."""
    code, said, _ = command()
    assert code == 0
    assert [line.split()[0] for line in said.splitlines()[2:]] == [
        row["id"] for row in sandbox.rows("report_categories")
    ]


def test_the_reports_of_a_category_are_listed(command: Callable[..., tuple[int, str, str]], sandbox: Sandbox) -> None:
    """With a category, its reports are listed with their ids."""
    code, said, _ = command("accounting")
    wanted = [str(row["id"]) for row in sandbox.rows("reports") if row["reportCategoryId"] == "accounting"]
    assert code == 0
    assert sorted(line.split()[0] for line in said.splitlines()[2:]) == sorted(wanted)


def test_a_report_is_shown(command: Callable[..., tuple[int, str, str]], sandbox: Sandbox) -> None:
    """With a report, its parameters and all values that they accept are shown, those of dynamic sets included."""
    code, said, _ = command("operations", definitions.JOBS.id)
    assert code == 0
    assert "  DateType (Date Type): Number, required\n    1  Job Creation Date\n    2  Job Completion Date\n" in said
    for unit in sandbox.rows("business_units"):
        assert f"    {unit['id']}  {unit['name']}\n" in said
    assert re.search(r"^  completed_date +Date +Completion Date$", said, re.MULTILINE)


@pytest.mark.parametrize("report", definitions.REPORTS, ids=lambda report: str(report.name))
def test_what_it_gives_to_paste_can_be_read(
    command: Callable[..., tuple[int, str, str]], sandbox: Sandbox, report: definitions.Report
) -> None:
    """The block of settings is complete: a tap that is given it reads the report."""
    code, said, _ = command(report.categories[0], report.id)
    assert code == 0
    pasted: dict[str, Any] = json.loads(said[said.index("\n{") :])
    window = pasted["custom_reports"][0].get("window")
    if window:
        # Two years of days would take a while.
        window["start"] = "2026-10-01"
    output = read(sandbox.config | NO_WAIT | pasted, f"report_{report.id}")
    assert output.error is None
    assert output.counts[f"report_{report.id}"] > 0


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        pytest.param(["nowhere"], "there is no category nowhere", id="category"),
        pytest.param(["operations", 7], "there is no report 7 in the category operations", id="report"),
    ],
)
def test_what_is_not_there_is_one_sentence(
    command: Callable[..., tuple[int, str, str]], arguments: list[object], words: str
) -> None:
    """A wrong id is told, with exit code 1 and nothing on stdout."""
    code, said, error = command(*arguments)
    assert (code, said) == (1, "")
    assert words in error
    assert len(error.splitlines()) == 1


def test_settings_may_come_from_the_environment(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """As with the tap, ENV stands for the environment."""
    for name in ("client_id", "client_secret", "st_app_key", "tenant_id", "api_url", "auth_url"):
        monkeypatch.setenv(f"TAP_SERVICETITAN_{name.upper()}", sandbox.config[name])
    assert reports.main(["--config", "ENV", "marketing"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split() for line in lines if not line.startswith("─")] == [
        ["id", "name", "description"],
        ["182", "Membership", "Movement"],
    ]


def test_wrong_settings_are_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Missing settings are one line each, and a file that is not there is one."""
    file = tmp_path / "config.json"
    file.write_text('{"client_id": "a"}')
    assert reports.main(["--config", str(file)]) == 1
    assert "client_secret is missing" in capsys.readouterr().err
    assert reports.main(["--config", str(tmp_path / "none.json")]) == 1
    assert "No such file" in capsys.readouterr().err


def test_the_scope_that_lacks_is_named(command: Callable[..., tuple[int, str, str]], sandbox: Sandbox) -> None:
    """Without a scope, the command names it."""
    sandbox.revoke_scope("report_categories")
    code, _, error = command()
    assert code == 1
    assert "grant the app the scope tn.rpr.reportcategories:r" in error
