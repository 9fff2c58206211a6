"""The command that tries credentials, tenant and scopes."""

from __future__ import annotations

import json
import logging
from typing import TYPE_CHECKING, Any

import pytest

from tap_servicetitan.catalog.endpoints import ENDPOINTS
from tap_servicetitan.cli import check
from tap_servicetitan.errors import RunError
from tests.support.reporting import TECHNICIANS
from tests.support.reporting import config as with_reports
from tests.support.running import catalog_file, run

if TYPE_CHECKING:
    from pathlib import Path

    from tap_servicetitan.sandbox.server import Sandbox
    from tests.support.running import Message

pytestmark = pytest.mark.usefixtures("impatient")

STREAMS = ("calls", "customers", "job_notes", "zones")


class Command:
    """The command, with settings and a catalog in files."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        """Remember where files go."""
        self._folder, self._capsys = folder, capsys

    def table(self, config: Message, *streams: str, code: int) -> list[str]:
        """Check some streams, and give the lines of the table."""
        return self._run(config, streams, code).splitlines()

    def json(self, config: Message, *streams: str, code: int) -> dict[str, Any]:
        """Check some streams, and give the answer for programs."""
        found: dict[str, Any] = json.loads(self._run(config, streams, code, "--format", "json"))
        return found

    def _run(self, config: Message, streams: tuple[str, ...], code: int, *options: str) -> str:
        settings = self._folder / "config.json"
        settings.write_text(json.dumps(config))
        catalog = ["--catalog", catalog_file(self._folder, *streams)] if streams else []
        assert check.main(["--config", str(settings), *catalog, *options]) == code
        return self._capsys.readouterr().out


@pytest.fixture
def command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Command:
    """Give the command."""
    return Command(tmp_path, capsys)


def test_all_is_well(sandbox: Sandbox, command: Command) -> None:
    """Each stream has a row with what its first page shows, and the exit code is 0."""
    head, _, *rows, _, last = command.table(sandbox.config, *STREAMS, code=0)
    assert head.split() == ["stream", "scope", "granted", "first", "page", "newest", "change", "seconds"]
    assert [row.split()[:3] for row in rows] == [
        ["calls", "tn.tlc.calls:r", "yes"],
        ["customers", "tn.crm.customers:r", "yes"],
        ["job_notes", "tn.jpm.jobnotes:r", "yes"],
        ["zones", "tn.dis.zones:r", "yes"],
    ]
    zones = sandbox.rows("zones")
    assert rows[3].split()[3:5] == [str(len(zones)), max(row["modifiedOn"] for row in zones)]
    assert last == "All 4 streams can be read."
    # No more than a page of each is asked for.
    assert [len(sandbox.requests(name)) for name in STREAMS] == [1, 1, 1, 1]


def test_what_is_missing_is_named(sandbox: Sandbox, command: Command) -> None:
    """A scope is named as the portal does, a module and a failure by the API's answer, and the exit code is 1."""
    sandbox.revoke_scope("customers")
    sandbox.disable_module("telecom")
    sandbox.fault("status", "job_notes", status=400, title="Odd", times=100)
    lines = command.table(sandbox.config, *STREAMS, code=1)
    assert [line.split()[2:4] for line in lines[2:6]] == [
        ["no", "module"],
        ["no", "scope"],
        ["failed", "0"],
        ["yes", "6"],
    ]
    assert lines[7] == "1 of 4 streams can be read."
    assert lines[9:11] == ["Tick in the developer portal, or deselect the streams:", "  CRM → Customers (Read)"]
    assert lines[12] == "Not read:"
    assert lines[13].startswith("  job_notes: 400 Bad Request 'Odd'")
    assert lines[15:] == ["Modules that the tenant does not have; deselect the streams:", "  telecom: calls"]


def test_a_module_is_named_once(sandbox: Sandbox, command: Command) -> None:
    """However many streams of a module there are, one line says that the tenant does not have it."""
    sandbox.disable_module("pricebook")
    lines = command.table(sandbox.config, "equipment", "materials", "services", "zones", code=1)
    assert lines[-2:] == [
        "Modules that the tenant does not have; deselect the streams:",
        "  pricebook: equipment, materials, services",
    ]


def test_a_program_reads_the_same(sandbox: Sandbox, command: Command) -> None:
    """The JSON has what the table has, with the message of each stream."""
    sandbox.revoke_scope("customers")
    answer = command.json(sandbox.config, *STREAMS, code=1)
    assert (answer["ok"], answer["error"]) == (False, None)
    found = {one["stream"]: one for one in answer["streams"]}
    assert [found[name]["granted"] for name in STREAMS] == ["yes", "no scope", "yes", "yes"]
    assert "grant the app the scope tn.crm.customers:r" in found["customers"]["message"]
    assert found["zones"]["rows"] == len(sandbox.rows("zones"))
    assert command.json(sandbox.config, "zones", code=0)["ok"] is True


def test_without_a_catalog_all_that_a_run_would_read_is_tried(sandbox: Sandbox, command: Command) -> None:
    """Every stream that is selected by default is tried, children and windows too, and reports."""
    # Windows begin at the start date: of ten years, most would be empty.
    settings = with_reports(sandbox, TECHNICIANS, start_date="2026-10-01", requests_per_second=10_000)
    answer = command.json(settings, code=0)
    assert {one["stream"] for one in answer["streams"]} == {row.name for row in ENDPOINTS if row.selected} | {
        "scorecard"
    }


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        pytest.param(
            {"client_secret": "wrong"}, "sign-in: 400 Bad Request 'invalid_client'; check client_id", id="secret"
        ),
        pytest.param({"st_app_key": "wrong"}, "check st_app_key", id="app key"),
        pytest.param({"tenant_id": "777"}, "there is no tenant 777 in the environment production", id="tenant"),
        pytest.param({"tenant_id": "x"}, "tenant_id must be a number, not 'x'", id="settings"),
    ],
)
def test_what_is_wrong_for_all_is_a_sentence(sandbox: Sandbox, command: Command, setting: Message, said: str) -> None:
    """Wrong credentials, a wrong tenant and wrong settings are one line instead of a table."""
    (line,) = command.table(sandbox.config | setting, *STREAMS, code=1)
    assert said in line
    answer = command.json(sandbox.config | setting, *STREAMS, code=1)
    assert said in answer["error"]


def test_a_test_of_the_settings_ends_with_one_line(sandbox: Sandbox, caplog: pytest.LogCaptureFixture) -> None:
    """Of a run that can read nothing, Meltano shows the last line: it names the scopes."""
    for name in STREAMS[:3]:
        sandbox.revoke_scope(name)
    with caplog.at_level(logging.ERROR):
        output = run(sandbox.config, *STREAMS[:3])
    assert isinstance(output.error, RunError)
    assert str(output.error) == (
        "None of the 3 selected streams could be read. For 3 the app lacks scopes: "
        "tn.crm.customers:r, tn.jpm.jobnotes:r, tn.tlc.calls:r."
    )
    alone = run(sandbox.config, "customers")
    assert "grant the app the scope tn.crm.customers:r" in str(alone.error)
