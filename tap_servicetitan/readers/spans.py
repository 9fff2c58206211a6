"""Spans of time, one after the other, without a gap and without an overlap."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime, timedelta
from typing import Literal

Unit = Literal["day", "month"]


@dataclasses.dataclass(frozen=True, slots=True)
class Span:
    """A day or a month, or several of them, in UTC: from `start` to just before `end`."""

    start: datetime
    end: datetime

    @property
    def last_second(self) -> datetime:
        """The last whole second within the span."""
        return self.end - timedelta(seconds=1)


def spans(first: datetime, last: datetime, unit: Unit) -> list[Span]:
    """Give each day or month from the one that `first` lies in to the one that `last` lies in."""
    found = []
    start, stop = beginning(first, unit), beginning(last, unit)
    while start <= stop:
        end = shifted(start, 1, unit)
        found.append(Span(start, end))
        start = end
    return found


def beginning(moment: datetime, unit: Unit) -> datetime:
    """Give the first instant of the day or month that a moment lies in."""
    day = moment.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return day.replace(day=1) if unit == "month" else day


def shifted(start: datetime, count: int, unit: Unit) -> datetime:
    """Go so many days or months on from the beginning of one; a negative count goes back."""
    if unit == "day":
        return start + timedelta(days=count)
    months = start.year * 12 + start.month - 1 + count
    return start.replace(year=months // 12, month=months % 12 + 1)
