"""What became of each stream, at the end of a run."""

from __future__ import annotations

import dataclasses
import logging
import sys
from typing import TYPE_CHECKING, Literal

from tap_servicetitan.sync.progress import is_watched

if TYPE_CHECKING:
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
    is_routine: bool = False
    """Whether all rows come in each run, and this was not the first."""
    reason: str | None = None
    """Why it was not read."""
    left_out: int = 0
    """Rows that came without their key."""
    undeclared: tuple[str, ...] = ()
    """Fields that came and the schema does not have."""
    failed_requests: int = 0
    size: int = 0
    """Bytes of the responses."""
    request_seconds: float = 0.0
    waited_seconds: float = 0.0
    """For limits, and between tries."""
    seconds: float = 0.0
    """From before the first request to the end."""

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
    if is_watched():
        _print_table(found)
        return
    routine = [one for one in found if one.is_routine and one.result == "read"]
    for one in found:
        fields = {name: getattr(one, name) for name in ("result", "rows", "requests", "repeats", "newest")}
        level = logging.DEBUG if one in routine else logging.INFO
        log.log(level, "%s", one.line, extra={"stream_name": one.stream} | fields)
    if routine:
        rows, requests = sum(one.rows for one in routine), sum(one.requests for one in routine)
        log.info("%d streams are read in full each time: %d rows in %d requests", len(routine), rows, requests)


def _print_table(found: Iterable[StreamSummary]) -> None:
    # As in `progress`: most runs have no terminal.
    from tap_servicetitan import terminal  # noqa: PLC0415

    rows = [
        (one.stream, one.result, f"{one.rows:,}", f"{one.requests:,}", f"{one.repeats:,}", _second(one.newest))
        for one in found
    ]
    numbers = ("rows", "requests", "repeats")
    head = ("stream", "result", *numbers, "newest change")
    terminal.print_table(
        head, rows, file=sys.stderr, numbers=numbers, optional=("repeats", "newest change", "requests")
    )


def _second(moment: str | None) -> str:
    """Cut a time to the second."""
    return f"{moment[:19]}Z" if moment and moment.endswith("Z") else moment or ""
