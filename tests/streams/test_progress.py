"""What a person sees of a run: progress and a summary on a terminal, lines when piped, JSON when asked."""

from __future__ import annotations

import fcntl
import json
import logging
import os
import pty
import re
import struct
import subprocess
import termios
from typing import TYPE_CHECKING

import pytest

from tap_servicetitan.sync.progress import EVERY, FIRST, LiveDisplay, PeriodicLog, Progress, describe
from tests.support.running import catalog_file, command_line, run, run_command

if TYPE_CHECKING:
    from pathlib import Path

    from tap_servicetitan.sandbox.server import Sandbox

STREAMS = ("customers", "jobs", "payments", "zones")
_CODES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


class Clock:
    """A clock that a test moves."""

    now = 0.0

    def __call__(self) -> float:
        """Tell the time."""
        return self.now


def tally(rows: int, waiting: float = 0.0) -> Progress:
    """Make a tally of a run that has written some rows."""
    return Progress(streams=2, total=5, rows=rows, requests=7, reading=("jobs", "calls"), waiting=waiting)


def test_a_line_comes_once_a_minute(caplog: pytest.LogCaptureFixture) -> None:
    """The first line comes after ten seconds, then one each minute, with the rate since the last one."""
    clock, rows = Clock(), 0
    lines = PeriodicLog(lambda: tally(rows), logging.getLogger("test"), clock)
    with caplog.at_level(logging.INFO):
        clock.now, rows = FIRST - 1, 500
        lines.tick()
        assert caplog.messages == []
        clock.now, rows = FIRST, 1_000
        lines.tick()
        clock.now = FIRST + EVERY - 1
        lines.tick()
        assert len(caplog.messages) == 1
        clock.now, rows = FIRST + EVERY, 7_060
        lines.tick()
    assert caplog.messages == [
        "2 of 5 streams done; 1,000 rows in 7 requests, 100 rows/s",
        "2 of 5 streams done; 7,060 rows in 7 requests, 101 rows/s",
    ]
    assert caplog.records[1].rows_per_second == 101  # type: ignore[attr-defined]


def test_the_moving_text_has_the_rate_of_the_last_seconds() -> None:
    """Rows of long ago do not count into the rate, and what is being read is named."""
    clock, rows = Clock(), 0
    moving = LiveDisplay(lambda: tally(rows), clock)
    for clock.now in (1.0, 10.0, 20.0):
        rows = 1_000
        moving.text()
    clock.now, rows = 22.0, 1_200
    assert moving.text() == "2 of 5 streams done; 1,200 rows in 7 requests, 100 rows/s\njobs, calls"


def test_waiting_is_told() -> None:
    """Whoever watches a run that stands still learns why."""
    assert describe(tally(1, waiting=12.4), 0).endswith("0 rows/s; waits 12 s, as the API requires")


def on_a_terminal(command: list[str], folder: Path) -> tuple[int, str]:
    """Run a command whose log goes to a terminal; give its exit code and what was drawn there, without colours."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 160, 0, 0))
    environment = {name: value for name, value in os.environ.items() if name not in {"CI", "SINGER_SDK_LOG_CONFIG"}}
    with (folder / "out.singer").open("wb") as out:
        process = subprocess.Popen(  # noqa: S603 - our own command
            command, stdout=out, stderr=theirs, env=environment | {"TERM": "xterm-256color"}
        )
        os.close(theirs)
        drawn = b""
        while part := _read(ours):
            drawn += part
        os.close(ours)
        return process.wait(), _CODES.sub("", drawn.decode())


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 65_536)
    except OSError:
        # What Linux says when nobody holds the other end any more.
        return b""


@pytest.mark.usefixtures("impatient")
def test_a_terminal_shows_progress_and_a_table(sandbox: Sandbox, tmp_path: Path) -> None:
    """It shows what goes on, keeps warnings whole, leaves metrics out, and ends with a table of all streams."""
    sandbox.revoke_scope("payments")
    sandbox.fault("status", "jobs", status=400, title="Odd", times=100)
    command = command_line(tmp_path, sandbox.config, "--catalog", catalog_file(tmp_path, *STREAMS))
    code, drawn = on_a_terminal(command, tmp_path)
    assert code == 1
    assert re.search(r"\d of 4 streams done; [\d,]+ rows in \d+ requests", drawn)
    assert "METRIC" not in drawn
    table = {cells[0]: cells[1:] for line in drawn.splitlines() if (cells := line.split())}
    customers = sandbox.rows("customers")
    assert table["customers"][:2] == ["read", str(len(customers))]
    newest = max(row["modifiedOn"] for row in customers)
    # To the second, so that the table is not too wide.
    assert table["customers"][-1] == newest[: len("2026-11-01T12:00:00")] + "Z"
    assert table["payments"][:2] == ["skipped", "0"]
    assert "1 of 4 streams failed; their bookmarks stay where they were:" in drawn
    assert table["jobs"][:3] == ["jobs:", "400", "Bad"]


def test_a_pipe_gets_lines(sandbox: Sandbox, tmp_path: Path) -> None:
    """Without a terminal nothing is drawn: a line for each stream that brought something."""
    catalog = catalog_file(tmp_path, *STREAMS)
    first = run_command(tmp_path, sandbox.config, "--catalog", catalog)
    assert "\x1b" not in first.log
    newest = max(row["modifiedOn"] for row in sandbox.rows("customers"))
    rows, requests = len(sandbox.rows("customers")), len(sandbox.requests("customers"))
    assert f"customers: read; rows {rows:,}, requests {requests}, newest change {newest}" in first.log
    again = run_command(tmp_path, sandbox.config, "--catalog", catalog, state=first.state)
    assert "customers: read" not in again.log
    assert "4 streams read, 0 skipped, 0 failed; 0 rows in 4 requests" in again.log


def test_repeats_are_counted(sandbox: Sandbox, caplog: pytest.LogCaptureFixture) -> None:
    """Rows that the API sends again, and that are not written again, are told of."""
    config = sandbox.config | {"include_recent_changes": True}
    first = run(config, "customers")
    sandbox.touch("customers", 3)
    with caplog.at_level(logging.INFO):
        second = run(config, "customers", state=first.state)
        run(config, "customers", state=second.state)
    told_of = [one for one in caplog.messages if one.startswith("customers: read")]
    assert len(told_of) == 2
    assert "rows 3," in told_of[0]
    assert "rows 0, requests 1, repeats left out 3" in told_of[1]


LOG_CONFIG = """
version: 1
disable_existing_loggers: false
formatters:
  structured:
    (): singer_sdk.logging.StructuredFormatter
handlers:
  console:
    class: logging.StreamHandler
    formatter: structured
    stream: ext://sys.stderr
root:
  level: INFO
  handlers: [console]
"""


def test_the_log_is_structured_when_asked(sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the SDK's log configuration every line is JSON, and the summary has its figures as fields."""
    (tmp_path / "logging.yml").write_text(LOG_CONFIG)
    monkeypatch.setenv("SINGER_SDK_LOG_CONFIG", str(tmp_path / "logging.yml"))
    output = run_command(tmp_path, sandbox.config, "--catalog", catalog_file(tmp_path, *STREAMS))
    lines = [json.loads(line) for line in output.log.splitlines() if line.startswith("{")]
    (found,) = [one for one in lines if one["stream_name"] == "zones" and "rows" in one.get("extra", {})]
    assert found["extra"]["rows"] == len(sandbox.rows("zones"))
    assert found["extra"]["result"] == "read"


def test_a_terminal_that_gets_the_rows_is_left_alone(sandbox: Sandbox, tmp_path: Path) -> None:
    """Where rows and log go to the same terminal, nothing is drawn between them."""
    ours, theirs = pty.openpty()
    command = command_line(tmp_path, sandbox.config, "--catalog", catalog_file(tmp_path, "zones"))
    process = subprocess.Popen(command, stdout=theirs, stderr=theirs)  # noqa: S603 - our own command
    os.close(theirs)
    drawn = b""
    while part := _read(ours):
        drawn += part
    os.close(ours)
    assert process.wait() == 0
    assert b"\x1b" not in drawn
