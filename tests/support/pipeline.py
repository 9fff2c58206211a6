"""The tap's command line piped into a target, run after run, each from the state that the target gave back."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import subprocess
from typing import TYPE_CHECKING, Any

from tests.support.running import Message, command_line

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

LONGEST_LOAD = 300
"""Seconds after which a load is taken for stuck."""


def states(number: int) -> Callable[[list[bytes]], bool]:
    """Tell whether so many STATE messages were read."""
    return lambda lines: sum(json.loads(line)["type"] == "STATE" for line in lines) >= number


def size(number: int) -> Callable[[list[bytes]], bool]:
    """Tell whether so many bytes were read."""
    return lambda lines: sum(map(len, lines)) >= number


@dataclasses.dataclass
class Pipeline:
    """The tap piped into a target, with the state that the target gave back."""

    config: Message
    catalog: Message
    target: list[str]
    folder: Path
    state: Message | None = None

    def run(self) -> None:
        """Load what changed."""
        with self._tap() as tap, self._target(tap.stdout) as target:
            assert tap.stdout
            # Else the tap would not notice if the target went away.
            tap.stdout.close()
            said, _ = target.communicate(timeout=LONGEST_LOAD)
        assert (tap.returncode, target.returncode) == (0, 0), self._log()
        self._keep(said)

    def run_and_crash(self, is_enough: Callable[[list[bytes]], bool]) -> None:
        """Kill the tap when the target has had enough lines; the last one is not complete."""
        lines: list[bytes] = []
        with self._tap() as tap:
            assert tap.stdout
            while not (lines and is_enough(lines)):
                lines.append(tap.stdout.readline())
                assert lines[-1], f"the run ended before: {self._log()}"
            lines.append(tap.stdout.readline())
            tap.kill()
        assert lines[-1], f"nothing was left to be written: {self._log()}"
        with self._target(subprocess.PIPE) as target:
            said, _ = target.communicate(b"".join(lines).rstrip(b"}\n"), timeout=LONGEST_LOAD)
        assert target.returncode != 0
        self._keep(said)

    def _tap(self) -> contextlib.AbstractContextManager[subprocess.Popen[bytes]]:
        chosen = self.folder / "catalog.json"
        chosen.write_text(json.dumps(self.catalog))
        command = command_line(self.folder, self.config, "--catalog", str(chosen), state=self.state)
        with (self.folder / "tap.log").open("wb") as log:
            return ended(subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log))  # noqa: S603 - our own command

    def _target(self, source: Any) -> contextlib.AbstractContextManager[subprocess.Popen[bytes]]:  # noqa: ANN401 - as Popen
        with (self.folder / "target.log").open("wb") as log:
            return ended(
                subprocess.Popen(self.target, stdin=source, stdout=subprocess.PIPE, stderr=log)  # noqa: S603 - a program of the test setup
            )

    def _keep(self, said: bytes) -> None:
        if said.strip():
            self.state = json.loads(said.splitlines()[-1])

    def _log(self) -> str:
        logs = [file.read_text()[-2000:] for file in sorted(self.folder.glob("*.log"))]
        return "\n".join(logs)


@contextlib.contextmanager
def ended(process: subprocess.Popen[bytes]) -> Iterator[subprocess.Popen[bytes]]:
    """Let no process outlive a test that fails."""
    with process:
        try:
            yield process
        except BaseException:
            process.kill()
            raise
