"""The command that tells which scopes to tick."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tap_servicetitan.catalog.endpoints import BY_NAME, ENDPOINTS
from tap_servicetitan.catalog.schema import stream_facts
from tap_servicetitan.catalog.scopes import scope_names, scopes_of
from tap_servicetitan.cli import scopes
from tests.support.running import catalog_of

if TYPE_CHECKING:
    from pathlib import Path

    from tap_servicetitan.sandbox.server import Sandbox
    from tests.support.running import Message


def printed(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, list[Message]]:
    """Run the command and read the JSON that it prints."""
    assert scopes.main([*arguments, "--format", "json"]) == 0
    return dict(json.loads(capsys.readouterr().out))


def ids(groups: dict[str, list[Message]]) -> set[str]:
    """Give the scopes of all groups."""
    return {one["scope"] for entries in groups.values() for one in entries}


def test_every_scope_has_the_name_that_the_portal_has() -> None:
    """No scope of the table is without a name, and each name has a group."""
    used = {stream_facts(row)["scope"] for row in ENDPOINTS}
    assert used <= scope_names().keys()
    assert all(name.count(" → ") == 1 for name in scope_names().values())


def test_streams_are_named(capsys: pytest.CaptureFixture[str]) -> None:
    """Scopes stand in their groups, with the streams that need them."""
    assert scopes.main(["invoices", "invoice_custom_fields", "zones"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "Accounting",
        "  Invoices (Read)  invoice_custom_fields, invoices",
        "",
        "Dispatch",
        "  Zones (Read)  zones",
    ]


def test_a_child_needs_its_parents_scope(capsys: pytest.CaptureFixture[str]) -> None:
    """What is asked for each job needs the scope of jobs as well."""
    assert ids(printed(capsys, "job_attachments")) == {"tn.frm.jobs:r", "tn.jpm.jobs:r"}


def test_without_arguments_it_is_the_default(capsys: pytest.CaptureFixture[str]) -> None:
    """It tells what a run without a catalog needs."""
    wanted = {scope for row in ENDPOINTS if row.selected for scope in scopes_of(row)}
    assert ids(printed(capsys)) == wanted
    assert "tn.dis.capacity:w" not in wanted


def test_a_catalog_tells_the_streams(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The streams that it selects count; one that the table does not have is a report."""
    catalog = catalog_of("calls", "capacities")
    report = {"tap_stream_id": "profit", "stream": "profit", "schema": {"properties": {}}}
    catalog["streams"].append(report | {"metadata": [{"breadcrumb": [], "metadata": {"selected": True}}]})
    (tmp_path / "catalog.json").write_text(json.dumps(catalog))
    found = printed(capsys, "--catalog", str(tmp_path / "catalog.json"))
    assert {group: [one["name"] for one in entries] for group, entries in found.items()} == {
        "Dispatch": ["Capacity (Write)"],
        "Reporting": ["Dynamic Value Sets (Read)", "Reports within the category (Read)"],
        "Telecom": ["Calls (Read)"],
    }


def test_what_the_sandbox_asks_for_is_told(sandbox: Sandbox) -> None:
    """The scope without which the API refuses a stream is among those that are told for it."""
    for name in BY_NAME:
        assert sandbox.revoke_scope(name) in scopes.needed([name])


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        pytest.param(["invoises"], "unknown stream invoises; did you mean invoices?", id="typing error"),
        pytest.param(
            ["--catalog", "none.json"],
            "catalog file none.json cannot be opened: No such file or directory",
            id="no file",
        ),
        pytest.param(
            ["--catalog", "list.json"], "catalog file list.json cannot be read as JSON: it holds a list", id="no object"
        ),
        pytest.param(["--catalog", "text.json"], "text.json cannot be read as JSON", id="no JSON"),
    ],
)
def test_what_is_wrong_is_a_sentence(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    said: str,
) -> None:
    """A wrong argument ends with 1 and says what was wanted."""
    (tmp_path / "list.json").write_text("[]")
    (tmp_path / "text.json").write_text("{")
    monkeypatch.chdir(tmp_path)
    assert scopes.main(arguments) == 1
    assert said in capsys.readouterr().err
