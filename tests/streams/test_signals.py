"""Signals while the tap runs, at any moment and whatever the target does; and outputs that are closed."""

from __future__ import annotations

import fcntl
import json
import random
import re
import signal
import subprocess
import sys
import termios
import time
from collections import defaultdict
from pathlib import Path
from typing import IO, TYPE_CHECKING

import pytest

from tap_servicetitan.sandbox.server import Sandbox, serve
from tests.support.running import Message, catalog_file, command_line

if TYPE_CHECKING:
    from collections.abc import Iterator

STREAMS = ("invoices", "jobs", "customers", "contacts")
ENDING = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
LONGEST = 10.0
"""Seconds from the signal to the end of the process."""


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    """Run a tenant with some megabytes of rows."""
    with serve(seed=1, scale=0.05, page_size=200) as running:
        running.config["requests_per_second"] = 10_000
        yield running


def started(folder: Path, sandbox: Sandbox, out: IO[bytes] | int) -> subprocess.Popen[bytes]:
    """Run the tap; its log goes to a file of the folder."""
    folder.mkdir(exist_ok=True)
    command = command_line(folder, sandbox.config, "--catalog", catalog_file(folder, *STREAMS))
    with (folder / "log").open("wb") as log:
        return subprocess.Popen(command, stdout=out, stderr=log)  # noqa: S603 - our own command


def log_of(folder: Path) -> str:
    """Read what the tap logged."""
    return (folder / "log").read_text()


def test_a_target_that_has_stopped_reading(sandbox: Sandbox, tmp_path: Path) -> None:
    """The pipe is full, and nobody reads on: the tap is gone in ten seconds, and says how far it came."""
    running = {number: started(tmp_path / number.name, sandbox, subprocess.PIPE) for number in ENDING}
    twice = started(tmp_path / "twice", sandbox, subprocess.PIPE)
    try:
        for process in [*running.values(), twice]:
            wait_for_full_pipe(process)
        assert {one.poll() for one in [*running.values(), twice]} == {None}
        for number, process in running.items():
            process.send_signal(number)
        twice.send_signal(signal.SIGTERM)
        time.sleep(0.5)
        began = time.monotonic()
        twice.send_signal(signal.SIGTERM)
        assert twice.wait(LONGEST) == 128 + signal.SIGTERM
        assert time.monotonic() - began < 3
        for number, process in running.items():
            assert process.wait(LONGEST) == 128 + number
            last = log_of(tmp_path / number.name).splitlines()[-1]
            assert re.search(rf"Ended by {number.name}: [01] of {len(STREAMS)} streams done, \d+ rows in \d+ req", last)
            assert "the target has stopped reading" in last
            assert "Run again with the last state to resume." in last
            assert not {"Traceback", "Fatal"} & {*log_of(tmp_path / number.name).split()}
    finally:
        for process in [*running.values(), twice]:
            process.kill()
            process.communicate()


def wait_for_full_pipe(process: subprocess.Popen[bytes]) -> None:
    """Wait until a page is stuck in a pipe that nobody reads: the first one is larger than a pipe."""
    assert process.stdout
    waiting = bytearray(4)
    end = time.monotonic() + 60
    while int.from_bytes(waiting, sys.byteorder) < 32_768:
        assert time.monotonic() < end
        time.sleep(0.1)
        fcntl.ioctl(process.stdout, termios.FIONREAD, waiting)


@pytest.mark.parametrize("number", ENDING)
@pytest.mark.parametrize("twice", [False, True], ids=["once", "twice"])
def test_at_any_moment(sandbox: Sandbox, tmp_path: Path, number: signal.Signals, *, twice: bool) -> None:
    """From the first import on: whole lines, no traceback, the signal's code, and no STATE ahead of its rows."""
    dice = random.Random(f"{number} {twice}")  # noqa: S311 - the same moments in every test run
    codes = set()
    for turn in range(4):
        folder = tmp_path / str(turn)
        folder.mkdir()
        with (folder / "out").open("wb") as out:
            process = started(folder, sandbox, out)
            wait_for_handlers(process)
            # At once in the first turn: on a fast machine the others may come after the end.
            time.sleep(dice.uniform(0, 2.5) if turn else 0)
            process.send_signal(number)
            if twice:
                time.sleep(dice.uniform(0, 0.02))
                process.send_signal(number)
            codes.add(process.wait(LONGEST))
        output, log = (folder / "out").read_bytes(), log_of(folder)
        assert output.endswith(b"\n") or not output
        assert "Traceback" not in log
        assert_states_are_covered(output)
        if "Ended by" in log:
            assert f"Ended by {number.name}: " in log.splitlines()[-1]
    # A run may be through before, or so nearly that Python has taken its handlers down.
    assert codes <= {128 + number, 0, -number}
    assert 128 + number in codes


def wait_for_handlers(process: subprocess.Popen[bytes]) -> None:
    """Wait until the tap itself has taken over: before that, Python's own start prints what it likes."""
    file = Path(f"/proc/{process.pid}/status")
    if not file.exists():
        pytest.skip("the system does not say which signals a process handles")
    caught = 0
    # Python itself handles SIGINT alone.
    while not caught >> (signal.SIGTERM - 1) & 1:
        caught = int(next(line for line in file.read_text().splitlines() if line.startswith("SigCgt")).split()[1], 16)


def assert_states_are_covered(output: bytes) -> None:
    """See that what a bookmark of a feed says was read stands before it: the rows up to its newest change."""
    newest: dict[str, str] = defaultdict(str)
    for line in output.splitlines():
        message: Message = json.loads(line)
        if message["type"] == "RECORD":
            newest[message["stream"]] = max(newest[message["stream"]], message["record"]["modifiedOn"] or "")
        elif message["type"] == "STATE":
            for stream, bookmark in message["value"]["bookmarks"].items():
                if "continue_from" in bookmark and (mark := bookmark.get("replication_key_value")):
                    assert mark <= newest[stream], stream


@pytest.mark.parametrize(
    ("closed", "code", "said"),
    [(">&-", 1, "output: stdout is closed; let a target or a file take it"), ("2>&-", 0, ""), (">&- 2>&-", 1, "")],
    ids=["stdout", "stderr", "both"],
)
def test_an_output_that_is_closed(sandbox: Sandbox, tmp_path: Path, closed: str, code: int, said: str) -> None:
    """Without stdout there is a sentence and nothing is read; without stderr all rows come, and no log."""
    sandbox.forget_requests()
    command = command_line(tmp_path, sandbox.config, "--catalog", catalog_file(tmp_path, "contacts"))
    done = subprocess.run(  # noqa: S603 - our own command
        ["/bin/sh", "-c", f'exec "$@" {closed}', "sh", *command], capture_output=True, check=False, timeout=60
    )
    assert done.returncode == code
    log = done.stderr.decode()
    assert len(log.splitlines()) == bool(said)
    assert said in log
    records = [one for one in map(json.loads, done.stdout.splitlines()) if one["type"] == "RECORD"]
    assert len(records) == (0 if code else len(sandbox.rows("contacts")))
    assert bool(sandbox.requests()) is (code == 0)
