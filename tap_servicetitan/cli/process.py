"""The tap as a process of its own, for commands that read what it writes."""

from __future__ import annotations

import contextlib
import json
import signal
import subprocess
import sys
from typing import TYPE_CHECKING, Any

from tap_servicetitan.errors import FileError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

TAP = (sys.executable, "-m", "tap_servicetitan")


def discover(config: Sequence[str]) -> dict[str, Any]:
    """Give the tap's catalog.

    Raises:
        FileError: The tap could not make it; why is on stderr.
    """
    done = subprocess.run([*TAP, *_options(config), "--discover"], capture_output=True, check=False)  # noqa: S603 - the tap
    if done.returncode:
        sys.stderr.write(done.stderr.decode(errors="replace"))
        msg = "the tap could not list its streams"
        raise FileError(msg)
    catalog: dict[str, Any] = json.loads(done.stdout)
    return catalog


@contextlib.contextmanager
def running_tap(config: Sequence[str], folder: Path, **inputs: Mapping[str, Any]) -> Iterator[subprocess.Popen[bytes]]:
    """Run the tap; its log goes to stderr. It ends with this process.

    Args:
        config: The sources of its settings.
        folder: For its input files.
        inputs: What the files hold, by option: a catalog and a state.
    """
    arguments = _options(config)
    for name, content in inputs.items():
        if content:
            file = folder / f"{name}.json"
            file.write_text(json.dumps(content), encoding="utf-8")
            arguments += [f"--{name}", str(file)]
    with subprocess.Popen([*TAP, *arguments], stdout=subprocess.PIPE) as process:  # noqa: S603 - the tap
        # Ctrl-C reaches the tap as well; SIGTERM and SIGHUP are handed on. The tap then writes its last STATE and ends.
        before = {
            signal.SIGINT: signal.signal(signal.SIGINT, signal.SIG_IGN),
            signal.SIGTERM: signal.signal(signal.SIGTERM, lambda *_: process.terminate()),
        }
        if hasattr(signal, "SIGHUP"):
            before[signal.SIGHUP] = signal.signal(signal.SIGHUP, lambda number, _: process.send_signal(number))
        try:
            yield process
        except BaseException:
            process.kill()
            raise
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


def _options(config: Sequence[str]) -> list[str]:
    return [part for file in config for part in ("--config", file)]
