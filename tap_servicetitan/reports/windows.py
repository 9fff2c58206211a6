"""Spans of whole days, in the tenant's own time: one after the other, without a gap and without an overlap."""

from __future__ import annotations

import dataclasses
from datetime import date, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from datetime import datetime

_DAY = timedelta(days=1)

_SLOWEST_ZONE = timedelta(hours=12)
"""So long after it ended in UTC, a day is over everywhere."""


@dataclasses.dataclass(frozen=True, slots=True)
class Days:
    """The days from the first to the last, both included."""

    first: date
    last: date

    def __str__(self) -> str:
        """Name the days in messages."""
        return f"{self.first} to {self.last}"

    @property
    def following(self) -> date:
        """The day after the last one."""
        return self.last + _DAY

    @property
    def length(self) -> int:
        """How many days there are."""
        return (self.last - self.first).days + 1

    def halves(self) -> list[Days]:
        """Cut the days in two, the longer half first; nothing comes of a single day."""
        if self.first == self.last:
            return []
        middle = self.first + (self.last - self.first) // 2
        return [Days(self.first, middle), Days(middle + _DAY, self.last)]

    def cut(self, at: Collection[date]) -> list[Days]:
        """Cut the days before each of some days that lie among them."""
        firsts = [self.first, *sorted(day for day in at if self.first < day <= self.last)]
        lasts = [*(day - _DAY for day in firsts[1:]), self.last]
        return [Days(first, last) for first, last in zip(firsts, lasts, strict=True)]


def windows(first: date, length: int, since: date, today: date) -> Iterator[Days]:
    """Give the windows that begin at `first`, from the one that `since` lies in to the one that today lies in.

    The last one ends today. A window always begins on the same day, whenever it is read.
    """
    start = first + max((since - first).days // length, 0) * length * _DAY
    while start <= today:
        end = start + length * _DAY
        yield Days(start, min(end - _DAY, today))
        start = end


def last_complete_day(now: datetime) -> date:
    """Give the last day that is over wherever the tenant may be."""
    return (now - _SLOWEST_ZONE).date() - _DAY


def since(first: date, read_to: date | None, look_back: int) -> date:
    """Give the day to read from: behind the last one that was read when it was over, less those to read again."""
    return first if read_to is None else max(first, read_to + _DAY - look_back * _DAY)
