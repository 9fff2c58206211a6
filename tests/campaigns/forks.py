"""Runs the tap piped into the loader, and kills them: ``python -m tests.campaigns.forks``, a JSON object a line.

Both are forks of a process that has imported them, so that a run takes no time to start. The process has no threads.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import signal
import sys
import time
from typing import TYPE_CHECKING

from tap_servicetitan.cli import tap
from tap_servicetitan.duckdb import command, loader

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

TAP, LOADER = "tap", "loader"
VICTIMS: dict[str, tuple[str, ...]] = {TAP: (TAP,), LOADER: (LOADER,), "both": (TAP, LOADER)}

COMMIT_SECONDS = 0.1
"""So often the loader commits, so that a small run has many commits."""

LONGEST_RUN = 120
"""Seconds after which a run is taken for stuck, and ends by SIGALRM."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Order:
    """A run."""

    tap: list[str]
    """Its arguments."""
    loader: list[str]
    log: str
    buffer: int
    """Bytes of records that wait in memory, so that a small run has many commits."""
    victim: str = ""
    after: float = 0.0
    """Seconds until the victim is killed; not at all if there is none."""


def run(order: Order) -> Mapping[str, object]:
    """Run both; give their exit codes, whether the kill came in time, and how long each ran."""
    started = time.monotonic()
    reading, writing = os.pipe()
    programs: dict[str, tuple[Callable[[], int | None], int, int]] = {
        TAP: (lambda: _tap(order.tap), writing, 1),
        LOADER: (lambda: _loader(order.loader, order.buffer), reading, 0),
    }
    pids = {name: _fork(*program, order.log, (reading, writing)) for name, program in programs.items()}
    os.close(reading)
    os.close(writing)
    codes: dict[str, int] = {}
    seconds: dict[str, float] = {}
    if order.victim:
        _wait(pids, codes, seconds, started + order.after)
    is_killed = False
    for name in VICTIMS.get(order.victim, ()):
        if name not in codes:
            os.kill(pids[name], signal.SIGKILL)
            is_killed = True
    _wait(pids, codes, seconds, started + 2 * LONGEST_RUN)
    ran = {name: at - started for name, at in seconds.items()}
    return {"codes": codes, "is_killed": is_killed, "seconds": ran}


def _wait(pids: Mapping[str, int], codes: dict[str, int], ended: dict[str, float], until: float) -> None:
    while len(codes) < len(pids) and time.monotonic() < until:
        for name in pids.keys() - codes.keys():
            pid, status = os.waitpid(pids[name], os.WNOHANG)
            if pid:
                codes[name] = os.waitstatus_to_exitcode(status)
                ended[name] = time.monotonic()
        time.sleep(0.001)


def _fork(main: Callable[[], int | None], end: int, number: int, log: str, ends: tuple[int, int]) -> int:
    """Run a program in a fork, one end of the pipe its stdin or stdout."""
    if pid := os.fork():
        return pid
    code = 70
    with contextlib.suppress(BaseException):
        signal.alarm(LONGEST_RUN)
        os.dup2(end, number)
        for one in ends:
            os.close(one)
        written = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        os.dup2(written, 2)
        if number == 0:
            os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        try:
            code = main() or 0
        except SystemExit as ended:
            code = ended.code if isinstance(ended.code, int) else 1
    os._exit(code)


def _tap(arguments: list[str]) -> int | None:
    sys.argv = ["tap-servicetitan", *arguments]
    tap.main()
    return 0


def _loader(arguments: list[str], buffer: int) -> int:
    loader.BUFFER_BYTES = buffer
    loader.COMMIT_SECONDS = COMMIT_SECONDS
    return command.main(arguments)


if __name__ == "__main__":
    for line in sys.stdin:
        sys.stdout.write(json.dumps(run(Order(**json.loads(line)))) + "\n")
        sys.stdout.flush()
