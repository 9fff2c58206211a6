"""What became of each stream, at the end of a run."""

from __future__ import annotations

import dataclasses
import sys
from typing import TYPE_CHECKING, Literal

from tap_servicetitan.sync.progress import is_watched

if TYPE_CHECKING:
    import logging
    from collections.abc import Iterable

Result = Literal["read", "skipped", "failed", "stopped"]
"""What became of a stream; stopped: a signal came before its end."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class StreamSummary:
    """What became of one stream."""

    stream: str
    result: Result
    rows: int = 0
    requests: int = 0
    repeats: int = 0
    """Rows that came again and were left out."""
    newest: str | None = None
    """When the newest row changed that was ever seen, if rows say it."""

    @property
    def is_worth_logging(self) -> bool:
        """Whether there is something to say: rows, repeats, or that it was not read."""
        return bool(self.rows or self.repeats or self.result != "read")

    @property
    def line(self) -> str:
        """Say it in a line."""
        repeats = f", repeats left out {self.repeats:,}" if self.repeats else ""
        newest = f", newest change {self.newest}" if self.newest else ""
        return f"{self.stream}: {self.result}; rows {self.rows:,}, requests {self.requests:,}{repeats}{newest}"


def log_streams(streams: Iterable[StreamSummary], log: logging.Logger) -> None:
    """Log each stream that brought something or was not read: in a table on a terminal, else a line each."""
    found = [one for one in streams if one.is_worth_logging]
    if not is_watched():
        for one in found:
            said = {name: value for name, value in dataclasses.asdict(one).items() if name != "stream"}
            log.info("%s", one.line, extra={"stream_name": one.stream} | said)
        return
    # As in `progress`: most runs have no terminal.
    from tap_servicetitan import terminal  # noqa: PLC0415

    rows = [
        (one.stream, one.result, f"{one.rows:,}", f"{one.requests:,}", f"{one.repeats:,}", one.newest or "")
        for one in found
    ]
    numbers = ("rows", "requests", "repeats")
    terminal.print_table(("stream", "result", *numbers, "newest change"), rows, file=sys.stderr, numbers=numbers)
