"""Running a program and telling what it took."""

from __future__ import annotations

import dataclasses
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import IO, TYPE_CHECKING

from tests.benchmarks import launch

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


class FailedError(Exception):
    """A program that was measured ended badly; the message has what it said."""


@dataclasses.dataclass(frozen=True)
class Cost:
    """What a run of a program took."""

    wall: float
    cpu: float
    """Seconds of CPU, its own and the kernel's on its behalf."""

    memory: float
    """MiB that it held at its peak."""


def measure(command: Sequence[str], output: Path = Path(os.devnull), source: IO[bytes] | None = None) -> Cost:
    """Run a program to its end.

    Raises:
        FailedError: It did not end with 0.
    """
    with tempfile.NamedTemporaryFile() as result, output.open("wb") as out:
        launcher = [sys.executable, launch.__file__, result.name]
        done = subprocess.run([*launcher, *command], stdin=source, stdout=out, stderr=subprocess.PIPE, check=False)
        if done.returncode:
            msg = f"{' '.join(command)} ended with {done.returncode}:\n{done.stderr.decode()[-2000:]}"
            raise FailedError(msg)
        return Cost(**json.load(result))


def best(runs: Iterable[Cost]) -> Cost:
    """Take the least of each, memory aside: what is more is others' work on this machine."""
    walls, cpus, memories = zip(*((one.wall, one.cpu, one.memory) for one in runs), strict=True)
    return Cost(min(walls), min(cpus), max(memories))
