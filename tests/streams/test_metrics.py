"""What a run tells programs: the SDK's metrics and the report, measured against the clock and the sandbox."""

from __future__ import annotations

import io
import json
import logging
import signal
import subprocess
import time
from collections import defaultdict
from typing import TYPE_CHECKING, Any

import pytest
from rich.console import Console
from singer_sdk.metrics import Point

from tap_servicetitan import terminal
from tap_servicetitan.errors import CredentialsError
from tests.support.running import Message, catalog_file, command_line, run

if TYPE_CHECKING:
    from pathlib import Path

    from tap_servicetitan.sandbox.server import Sandbox

STREAMS = ("invoices", "customer_notes", "project_types")
"""A feed, its children, and a list that is read in full each time."""


def points(caplog: pytest.LogCaptureFixture, level: int = logging.INFO) -> dict[tuple[str, str], list[Point[Any]]]:
    """Collect the metrics that were logged at a level or above, by stream and name."""
    found = defaultdict(list)
    for record in caplog.records:
        if record.name == "singer_sdk.metrics" and record.levelno >= level and isinstance(record.args, tuple):
            point = record.args[0]
            assert isinstance(point, Point)
            found[point.tags["stream"], point.metric.value].append(point)
    return found


def report_of(file: Path) -> Message:
    """Read a report; the streams by name."""
    found: Message = json.loads(file.read_text())
    return found | {"streams": {one["stream"]: one for one in found["streams"]}}


def test_metrics_are_those_of_the_sandbox(sandbox: Sandbox, caplog: pytest.LogCaptureFixture) -> None:
    """Counts are what was written and what the sandbox was sent; each request has its endpoint and status."""
    with caplog.at_level(logging.DEBUG):
        output = run(sandbox.config, *STREAMS)
    found = points(caplog)
    for stream in STREAMS:
        sent = sandbox.requests(stream)
        assert sum(one.value for one in found[stream, "record_count"]) == output.counts[stream]
        assert sum(one.value for one in found[stream, "http_request_count"]) == len(sent)
        durations = points(caplog, logging.DEBUG)[stream, "http_request_duration"]
        assert [one.tags["http_status_code"] for one in durations] == [one["status"] for one in sent]
        assert {one.tags["endpoint"].startswith("/") for one in durations} == {True}
        assert {one.tags["status"] for one in durations if one.tags["http_status_code"] == 200} == {"succeeded"}
        (sync,) = found[stream, "sync_duration"]
        assert sync.tags["status"] == "succeeded"
        assert sync.value >= sum(one.value for one in durations) * 0.99


def test_the_duration_begins_before_the_first_request(sandbox: Sandbox, caplog: pytest.LogCaptureFixture) -> None:
    """A stream that waits for its first page is measured from then on, within a twentieth of the clock's time."""
    # Regression: it began after the first page, and was 0.0003 s for one that took a minute.
    sandbox.fault("slow", "zones", seconds=1.5)
    began = time.monotonic()
    with caplog.at_level(logging.INFO):
        run(sandbox.config, "zones")
    elapsed = time.monotonic() - began
    (sync,) = points(caplog)["zones", "sync_duration"]
    assert 1.5 <= sync.value <= elapsed
    (request,) = points(caplog)["zones", "http_request_duration"]
    assert request.value == pytest.approx(sync.value, rel=0.05)


def test_what_is_no_news_is_at_debug(sandbox: Sandbox, caplog: pytest.LogCaptureFixture) -> None:
    """A run that brings nothing new has a line for each count of rows, and a few more."""
    state = run(sandbox.config, *STREAMS).state
    caplog.clear()
    with caplog.at_level(logging.INFO):
        run(sandbox.config, *STREAMS, state=state)
    assert {name for name, found in points(caplog).items() if found} == {("project_types", "record_count")}
    rows = len(sandbox.rows("project_types"))
    assert f"1 streams are read in full each time: {rows} rows in 1 requests" in caplog.messages
    assert len(caplog.messages) < 10


@pytest.mark.parametrize(("width", "left"), [(160, 6), (60, 4), (45, 3)])
def test_the_table_fits_a_narrow_terminal(monkeypatch: pytest.MonkeyPatch, width: int, left: int) -> None:
    """Names stay whole, and no line is broken: what is least needed is left out."""
    shown = io.StringIO()
    monkeypatch.setattr(terminal, "console", lambda file: Console(file=file, width=width))
    head = ("stream", "result", "rows", "requests", "repeats", "newest change")
    row = ("installed_equipment_custom", "read", "1,234", "1,000", "0", "2026-11-01T07:51:08Z")
    optional = ("repeats", "newest change", "requests")
    terminal.print_table(head, [row], file=shown, numbers=("rows", "requests", "repeats"), optional=optional)
    lines = shown.getvalue().splitlines()
    assert len(lines) == 3
    assert max(map(len, lines)) <= width
    assert len(lines[2].split()) == left
    assert lines[2].startswith(row[0])


def test_the_report_has_what_happened(sandbox: Sandbox, tmp_path: Path) -> None:
    """Rows, requests, failures, waits, repeats, results and reasons, each as the sandbox knows it."""
    file = tmp_path / "report.json"
    scope = sandbox.revoke_scope("zones")
    sandbox.fault("status", "invoices", status=500, times=1)
    sandbox.fault("status", "jobs", status=400, title="Odd", times=100)
    output = run(sandbox.config | {"run_report_path": str(file)}, *STREAMS, "zones", "jobs")
    found = report_of(file)
    assert (found["version"], found["result"], found["error"], found["tenant_id"]) == (1, "failed", None, "4242")
    streams = found["streams"]
    assert {name: one["result"] for name, one in streams.items()} == {
        "invoices": "read",
        "customer_notes": "read",
        "project_types": "read",
        "zones": "skipped",
        "jobs": "failed",
    }
    assert scope in streams["zones"]["reason"]
    assert streams["jobs"]["reason"].startswith("jobs: 400")
    for name, one in streams.items():
        sent = sandbox.requests(name)
        assert one["rows"] == output.counts.get(name, 0)
        assert one["requests"] == len(sent)
        assert one["failed_requests"] == len([request for request in sent if request["status"] >= 400])
        assert 0 < one["request_seconds"] <= one["seconds"] <= found["seconds"]
    assert streams["invoices"]["failed_requests"] == 1
    # The try after it comes after some seconds.
    assert streams["invoices"]["waited_seconds"] > 0.1
    assert streams["invoices"]["bytes"] > 1_000
    newest = max(row["modifiedOn"] or "" for row in sandbox.rows("invoices"))
    assert streams["invoices"]["newest_change"] == newest
    assert streams["invoices"]["lag_seconds"] > 0
    assert (found["rows"], found["requests"]) == (
        sum(one["rows"] for one in streams.values()),
        sum(one["requests"] for one in streams.values()),
    )


def test_the_report_says_why_nothing_was_read(sandbox: Sandbox, tmp_path: Path) -> None:
    """Wrong credentials are the run's error, without a secret; no stream was begun."""
    file = tmp_path / "report.json"
    output = run(sandbox.config | {"run_report_path": str(file), "client_secret": "wr0ng.secret"}, *STREAMS)
    assert isinstance(output.error, CredentialsError)
    found = report_of(file)
    assert (found["result"], found["streams"], found["rows"]) == ("failed", {}, 0)
    assert found["error"] == str(output.error)
    assert "wr0ng.secret" not in file.read_text()


def test_a_report_that_cannot_be_written_is_a_warning(
    sandbox: Sandbox, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """The rows were written, so the run has not failed."""
    file = tmp_path / "none" / "report.json"
    output = run(sandbox.config | {"run_report_path": str(file)}, "zones")
    assert output.error is None
    assert f"run_report_path: {file} cannot be written: No such file or directory" in caplog.messages


def test_a_stopped_run_has_a_report(sandbox: Sandbox, tmp_path: Path) -> None:
    """A signal leaves the report of what was read until then, and nothing else in the folder."""
    folder = tmp_path / "reports"
    folder.mkdir()
    sandbox.fault("slow", "zones", seconds=30)
    config = sandbox.config | {"run_report_path": str(folder / "report.json")}
    command = command_line(tmp_path, config, "--catalog", catalog_file(tmp_path, "zones"))
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # noqa: S603 - our own command
    try:
        end = time.monotonic() + 60
        while not sandbox.requests("zones") and time.monotonic() < end:
            time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        assert process.wait(10) == 130
    finally:
        process.kill()
        process.wait()
    found = report_of(folder / "report.json")
    assert (found["result"], found["streams"]["zones"]["result"]) == ("stopped", "stopped")
    assert [one.name for one in folder.iterdir()] == ["report.json"]
