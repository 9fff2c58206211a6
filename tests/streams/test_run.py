"""A run as a whole: each stream for itself, and how it ends."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import pytest

from tap_servicetitan.catalog.endpoints import ENDPOINTS
from tap_servicetitan.catalog.schema import stream_facts
from tap_servicetitan.errors import RunError
from tests.support.running import FEEDS, run, run_command

if TYPE_CHECKING:
    from pathlib import Path

    from tap_servicetitan.sandbox.server import Sandbox

pytestmark = pytest.mark.usefixtures("impatient")

DEFAULT = [row.name for row in ENDPOINTS if row.selected]


def test_a_stream_without_its_scope_is_skipped(sandbox: Sandbox, caplog: pytest.LogCaptureFixture) -> None:
    """A 403 costs that stream only: one warning names the scope, and nothing of the stream is written."""
    scope = sandbox.revoke_scope("customers")
    with caplog.at_level(logging.WARNING):
        output = run(sandbox.config, "customers", "jobs")
    assert output.error is None
    warnings = [one for one in caplog.messages if "customers" in one]
    assert len(warnings) == 1
    assert scope in warnings[0]
    assert {one["stream"] for one in output.messages if "stream" in one} == {"jobs"}
    assert len(output.records["jobs"]) == len(sandbox.rows("jobs"))


def test_a_missing_module_is_skipped(sandbox: Sandbox, caplog: pytest.LogCaptureFixture) -> None:
    """A module that the tenant does not have costs its streams only."""
    sandbox.disable_module("pricebook")
    with caplog.at_level(logging.WARNING):
        output = run(sandbox.config)
    assert output.error is None
    skipped = {row.name for row in ENDPOINTS if row.module == "pricebook" and row.selected}
    assert len(skipped) > 1
    assert skipped & output.counts.keys() == set()
    assert len([one for one in caplog.messages if one.startswith("Skipped")]) == len(skipped)


def test_a_scope_that_was_granted_before_is_missed(sandbox: Sandbox) -> None:
    """A 403 of a stream that has a bookmark is a failure: somebody took the scope away."""
    state = run(sandbox.config, "customers", "jobs").state
    scope = sandbox.revoke_scope("customers")
    output = run(sandbox.config, "customers", "jobs", state=state)
    assert isinstance(output.error, RunError)
    assert scope in str(output.error)
    assert output.bookmarks["customers"] == state["bookmarks"]["customers"]


def test_one_streams_failure_is_its_own(sandbox: Sandbox) -> None:
    """The others are read to their end, its bookmark stays, and the error is a table of what failed and why."""
    state = run(sandbox.config, *FEEDS).state
    sandbox.advance(7 * 86_400)
    sandbox.fault("status", "customers", status=400, title="Odd", times=100)
    sandbox.fault("repeat-token", "jobs")
    output = run(sandbox.config, *FEEDS, state=state)
    lines = str(output.error).splitlines()
    assert lines[0].startswith(f"2 of {len(FEEDS)} streams failed")
    assert [line.split()[0] for line in lines[1:]] == ["customers", "jobs"]
    assert output.bookmarks["customers"] == state["bookmarks"]["customers"]
    assert output.bookmarks["jobs"] == state["bookmarks"]["jobs"]
    changed = {row["id"] for row in sandbox.rows("invoices", settled=True)}
    assert output.records["invoices"]
    assert {row["id"] for row in output.records["invoices"]} <= changed


def test_an_unknown_tenant_is_one_sentence(sandbox: Sandbox) -> None:
    """When every module answers 404, the run ends after a few requests, and nothing is written."""
    output = run(sandbox.config | {"tenant_id": "777"})
    assert isinstance(output.error, RunError)
    assert "tenant 777" in str(output.error)
    assert "tenant_id" in str(output.error)
    assert output.raw == b""
    assert len([one for one in sandbox.requests() if one["path"].endswith("token") is False]) <= 4


def test_a_run_without_any_scope_fails(sandbox: Sandbox) -> None:
    """If no selected stream can be read, the run has failed, whatever each warning says."""
    sandbox.revoke_scope("customers")
    assert "grant the app the scope tn.crm.customers:r" in str(run(sandbox.config, "customers").error)


@pytest.mark.parametrize("concurrency", [1, 3, 32])
def test_one_endpoint_is_never_asked_twice_at_once(sandbox: Sandbox, concurrency: int) -> None:
    """However many streams are read side by side, each is read in order and every row comes once."""
    output = run(sandbox.config | {"concurrency": concurrency})
    assert output.error is None
    for stream in ("customers", "jobs", "invoice_items"):
        tokens = [one["query"].get("from") for one in sandbox.requests(stream)]
        assert len(tokens) == len(set(tokens))
        assert len(output.records[stream]) == len(sandbox.rows(stream))


def wrong(sandbox: Sandbox) -> dict[str, tuple[dict[str, Any], str]]:
    """List settings that are wrong, and a word of what is to be said."""
    return {
        "secret": (sandbox.config | {"client_secret": "nope"}, "client_secret"),
        "app key": (sandbox.config | {"st_app_key": "nope"}, "st_app_key"),
        "tenant": (sandbox.config | {"tenant_id": "777"}, "tenant_id"),
        "setting": (sandbox.config | {"concurrency": 99}, "concurrency must be from 1 to 32, not 99"),
        "unknown setting": (sandbox.config | {"tenant": "1"}, "did you mean tenant_id?"),
        "missing": ({"client_id": "a"}, "client_secret is missing"),
    }


@pytest.mark.parametrize("case", ["secret", "app key", "tenant", "setting", "unknown setting", "missing"])
def test_what_is_wrong_is_said_in_a_sentence(sandbox: Sandbox, tmp_path: Path, case: str) -> None:
    """On the command line: exit code 1, nothing on stdout, an ERROR that names the setting, no traceback."""
    config, word = wrong(sandbox)[case]
    output = run_command(tmp_path, config)
    assert (output.code, output.raw) == (1, b"")
    errors = [line for line in output.log.splitlines() if "| ERROR" in line]
    assert any(word in line for line in errors)
    assert "Traceback" not in output.log
    assert "WARN" not in output.log
    if case in ("secret", "app key", "tenant"):
        assert len(errors) == 1


def test_the_command_line_runs_and_resumes(sandbox: Sandbox, tmp_path: Path) -> None:
    """Run as a user runs it: exit code 0, every row; with --state, nothing more."""
    first = run_command(tmp_path, sandbox.config)
    assert (first.code, first.counts["customers"]) == (0, len(sandbox.rows("customers")))
    second = run_command(tmp_path, sandbox.config, state=first.state)
    assert second.code == 0
    assert not second.counts.keys() & {*FEEDS}
    assert {name: second.bookmarks[name] for name in FEEDS} == {name: first.bookmarks[name] for name in FEEDS}


def test_failures_end_with_exit_code_1_and_a_table(sandbox: Sandbox, tmp_path: Path) -> None:
    """A failed stream is on stderr with its reason, and the exit code is 1."""
    sandbox.fault("repeat-token", "invoice_items", skip=1)
    output = run_command(tmp_path, sandbox.config)
    assert output.code == 1
    assert f"1 of {len(DEFAULT)} streams failed" in output.log
    assert "Traceback" not in output.log
    assert output.counts["jobs"] == len(sandbox.rows("jobs"))


def test_trying_out_writes_a_record_of_each_stream(sandbox: Sandbox, tmp_path: Path) -> None:
    """--test reads each stream just far enough for one record, and passes over what is not granted."""
    scope = sandbox.revoke_scope("customers")
    output = run_command(tmp_path, sandbox.config, "--test")
    assert output.code == 0
    granted = {row.name for row in ENDPOINTS if stream_facts(row)["scope"] != scope}
    assert output.counts == dict.fromkeys(granted, 1)
