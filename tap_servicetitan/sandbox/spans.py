"""Spans of time, by which endpoints without another order are read."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from tap_servicetitan.sandbox.clock import DAY, SECOND, day_of, iso, ticks
from tap_servicetitan.sandbox.responses import HttpError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tap_servicetitan.catalog.window import Window


@dataclasses.dataclass(frozen=True, slots=True)
class Span:
    """A span of time; its end belongs to it."""

    begin: int
    end: int

    def has(self, moment: int) -> bool:
        """Return whether an instant lies in the span."""
        return self.begin <= moment <= self.end

    def days(self, until: int) -> Iterator[int]:
        """Return the days whose beginning lies in the span, up to an instant."""
        first, last = -(-self.begin // DAY), min(self.end, until) // DAY
        return iter(range(first, last + 1))


# Figures of sessions are of those created before the end; all others include it.
_OPEN = frozenset({"sessionCreatedBefore"})


def requested_span(window: Window, query: Mapping[str, str]) -> Span:
    """Read the span that a request asks for."""
    try:
        begin, end = ticks(str(query[window.start])), ticks(str(query[window.end]))
    except (KeyError, ValueError) as error:
        raise HttpError(400) from error
    if begin > end:
        raise HttpError(400)
    return _span(window, begin, end)


def _span(window: Window, begin: int, end: int) -> Span:
    return Span(begin, end - 1 if window.end in _OPEN else end)


def calendar_spans(window: Window, first: int, last: int) -> Iterator[tuple[Span, dict[str, str]]]:
    """Return the days or months from one instant to another, with the fields that tell which a row is of."""
    begin = first // DAY * DAY if window.unit == "day" else _month(first)
    while begin <= last:
        after = begin + DAY if window.unit == "day" else _month(begin + 32 * DAY)
        end = after - SECOND if window.closed else after
        ends = {"start": begin, "end": end}
        write = day_of if window.unit == "day" else iso
        yield _span(window, begin, end), {name: write(ends[side]) for name, side in window.fields.items()}
        begin = after


def _month(moment: int) -> int:
    at = datetime.fromtimestamp(moment // SECOND, UTC)
    return ticks(f"{at.year}-{at.month:02d}-01")
