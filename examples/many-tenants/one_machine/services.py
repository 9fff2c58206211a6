"""Programs that run beside this one, and end with it."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

_PATIENCE = 20


class ServiceError(Exception):
    """A program did not do what it should; the message has the end of its log."""


@contextlib.contextmanager
def service(
    command: Sequence[str | Path], environment: Mapping[str, str], log: Path, printed: Path | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """Run a program until the block ends; then it ends, and all that it started."""
    with log.open("ab") as errors, (printed or log).open("ab") as output:
        # A group of its own, because some leave their children behind when they are told to end.
        process = subprocess.Popen(
            command, env=dict(environment), stdin=subprocess.DEVNULL, stdout=output, stderr=errors, process_group=0
        )
    try:
        yield process
    finally:
        stop(process)


def stop(process: subprocess.Popen[bytes], *, gently: bool = True) -> None:
    """End a program and all that it started and that is still in its group."""
    if gently and process.poll() is None:
        os.killpg(process.pid, signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(_PATIENCE)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def await_that(
    what: str,
    holds: Callable[[], bool],
    processes: Mapping[Path, subprocess.Popen[bytes]],
    limit: float,
    pause: float = 0.5,
) -> None:
    """Wait until something holds, as long as all programs that are needed for it run."""
    patience = time.monotonic() + limit
    while not holds():
        for log, process in processes.items():
            if process.poll() is not None:
                msg = f"{log.stem} ended while it was awaited that {what}. The end of {log}:\n\n{tail(log)}"
                raise ServiceError(msg)
        if time.monotonic() > patience:
            msg = f"waited {limit:.0f} s in vain until {what}; the logs are in {next(iter(processes)).parent}"
            raise ServiceError(msg)
        time.sleep(pause)


def tail(log: Path) -> str:
    """Give the last lines of a log."""
    return "\n".join(log.read_text(errors="replace").splitlines()[-30:])


def free_port() -> int:
    """Find a port that nobody listens at."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port
