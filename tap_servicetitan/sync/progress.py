"""How far a run is, while it goes on: a line that moves on a terminal, and else a line in the log now and then."""

from __future__ import annotations

import contextlib
import dataclasses
import logging
import os
import sys
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

EVERY = 60.0
"""Seconds between two lines in the log."""

FIRST = 10.0
"""Seconds until the first line, so that it is soon known that something happens."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """What a run has done so far."""

    streams: int
    """Streams that are done, however they ended."""
    total: int
    rows: int
    requests: int
    reading: tuple[str, ...] = ()
    """Streams that are being read."""
    waiting: float = 0.0
    """Seconds for which the API has asked all streams to wait."""
    waits: Mapping[str, str] = dataclasses.field(default_factory=dict)
    """What single streams wait for."""


def is_watched() -> bool:
    """Tell whether somebody sits at a terminal that shows the log and nothing else, and has not set the log's form."""
    is_alone = sys.stderr.isatty() and not sys.stdout.isatty()
    return is_alone and os.environ.get("TERM") != "dumb" and not os.environ.keys() & {"CI", "SINGER_SDK_LOG_CONFIG"}


@contextlib.contextmanager
def shown(look: Callable[[], Progress], log: logging.Logger) -> Iterator[Callable[[], None]]:
    """Show progress until the block ends.

    Args:
        look: Tells how far the run is.
        log: Where lines go if there is no terminal.

    Yields:
        What the block has to call several times a second.
    """
    if not is_watched():
        yield PeriodicLog(look, log).tick
        return
    # Here, because it takes a twentieth of a second, and most runs have no terminal.
    from tap_servicetitan import terminal  # noqa: PLC0415

    with _without_metrics(), terminal.live(LiveDisplay(look).text) as draw:
        yield draw


@contextlib.contextmanager
def _without_metrics() -> Iterator[None]:
    """Leave the SDK's lines of metrics out: they are made for programs, and the summary has the figures."""
    metrics = logging.getLogger("singer_sdk.metrics")
    before = metrics.level
    metrics.setLevel(logging.WARNING)
    try:
        yield
    finally:
        metrics.setLevel(before)


class PeriodicLog:
    """Writes a line into the log now and then, so that a long run is known to be alive."""

    def __init__(
        self, look: Callable[[], Progress], log: logging.Logger, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Begin to count the time."""
        self._look, self._log, self._clock = look, log, clock
        self._last, self._rows = clock(), 0
        self._due = self._last + FIRST

    def tick(self) -> None:
        """Write a line if it is time."""
        now = self._clock()
        if now < self._due:
            return
        self._due = now + EVERY
        progress = self._look()
        rate = (progress.rows - self._rows) / (now - self._last)
        self._last, self._rows = now, progress.rows
        self._log.info(
            "%s",
            describe(progress, rate),
            extra={
                "streams_done": progress.streams,
                "streams_total": progress.total,
                "rows": progress.rows,
                "requests": progress.requests,
                "rows_per_second": round(rate),
                "waiting_seconds": round(progress.waiting),
            },
        )


class LiveDisplay:
    """Tells how far the run is now, with the rate of the last seconds."""

    SECONDS = 5.0

    def __init__(self, look: Callable[[], Progress], clock: Callable[[], float] = time.monotonic) -> None:
        """Begin to count the time."""
        self._look, self._clock = look, clock
        self._seen: list[tuple[float, int]] = [(clock(), 0)]

    def text(self) -> str:
        """Say it in a line, and which streams are being read in another."""
        progress, now = self._look(), self._clock()
        self._seen.append((now, progress.rows))
        while len(self._seen) > 2 and now - self._seen[0][0] > self.SECONDS:  # noqa: PLR2004 - a span has two ends
            del self._seen[0]
        then, before = self._seen[0]
        rate = (progress.rows - before) / (now - then) if now > then else 0.0
        return describe(progress, rate) + (f"\n{', '.join(progress.reading)}" if progress.reading else "")


def describe(progress: Progress, rate: float) -> str:
    """Say how far a run is."""
    wait = f"; waits {progress.waiting:.0f} s, as the API requires" if progress.waiting else ""
    waits = "".join(f"; {stream} waits {what}" for stream, what in sorted(progress.waits.items()))
    return (
        f"{progress.streams} of {progress.total} streams done; {progress.rows:,} rows in "
        f"{progress.requests:,} requests, {rate:,.0f} rows/s{wait}{waits}"
    )
