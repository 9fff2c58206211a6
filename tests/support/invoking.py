"""The tap's command line in this process: for tests that run it hundreds of times."""

from __future__ import annotations

import contextlib
import io
import json
import logging
import sys
from typing import TYPE_CHECKING
from unittest import mock

from tap_servicetitan.__main__ import main
from tests.support.running import Output

if TYPE_CHECKING:
    from pathlib import Path


class _Lines(logging.Handler):
    """Keeps log lines, with their tracebacks if they have any."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.setFormatter(logging.Formatter("%(levelname)s %(message)s"))
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        if record.name.startswith("tap-servicetitan"):
            self.lines.append(self.format(record))


def invoke(*options: str) -> Output:
    """Run the command line; what is no exit of its own is an error of the tap."""
    buffer, said, handler = io.BytesIO(), io.StringIO(), _Lines()
    code, error = 0, None
    with (
        contextlib.redirect_stdout(io.TextIOWrapper(buffer, encoding="utf-8")) as stdout,
        contextlib.redirect_stderr(said),
        mock.patch.object(sys, "argv", ["tap-servicetitan", *options]),
        mock.patch.object(logging.getLogger("tap-servicetitan"), "handlers", [handler]),
        mock.patch("tap_servicetitan.sync.sdk._setup_console_logging"),
    ):
        try:
            main()
        except SystemExit as ended:
            code = ended.code if isinstance(ended.code, int) else int(ended.code is not None)
        except Exception as raised:  # noqa: BLE001 - the test looks at it
            error = raised
        finally:
            # The command turns it on, for the whole process.
            logging.captureWarnings(capture=False)
        stdout.flush()
        return Output(buffer.getvalue(), error, code, "\n".join([*handler.lines, said.getvalue()]))


def write(file: Path, content: object) -> str:
    """Write a file for the command line; bytes as they are, all else as JSON."""
    file.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
    return str(file)
