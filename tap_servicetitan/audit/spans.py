"""Spans of time that rows are counted in: years, months, and what lies before and behind."""

from __future__ import annotations

import dataclasses
import itertools
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from tap_servicetitan.state.timestamps import as_parameter

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


@dataclasses.dataclass(frozen=True, slots=True)
class Span:
    """From an instant up to another one, which is not in it; None: without a bound."""

    begin: datetime | None = None
    end: datetime | None = None

    def parameters(self, name: str) -> dict[str, str]:
        """Write the span as the filters ``createdOnOrAfter`` and ``createdBefore``, or those of another date."""
        bounds = ((f"{name}OnOrAfter", self.begin), (f"{name}Before", self.end))
        return {parameter: as_parameter(moment) for parameter, moment in bounds if moment}

    def years(self, first: datetime) -> list[Span]:
        """Cut the span at each new year from that of the first row on."""
        return self._cut(datetime(year, 1, 1, tzinfo=UTC) for year in _years(self.begin or first, self.end))

    def months(self, first: datetime) -> list[Span]:
        """Cut the span at the first day of each month, from the year of the first row on."""
        return self._cut(
            datetime(year, month, 1, tzinfo=UTC)
            for year in _years(self.begin or first, self.end)
            for month in range(1, 13)
        )

    def _cut(self, at: Iterable[datetime]) -> list[Span]:
        inner = [moment for moment in at if self._is_inside(moment)]
        bounds = [self.begin, *inner, self.end]
        return [Span(begin, end) for begin, end in itertools.pairwise(bounds)]

    def _is_inside(self, moment: datetime) -> bool:
        return (self.begin is None or self.begin < moment) and (self.end is None or moment < self.end)

    def __str__(self) -> str:
        """Write the span for people."""
        begin, end = (f"{moment:%Y-%m-%d}" if moment else "" for moment in (self.begin, self.end))
        return f"{begin}..{end}"


def _years(first: datetime, end: datetime | None) -> range:
    last = end or datetime.now(UTC)
    return range(first.year, last.year + 1)


def grouped(spans: Sequence[Span], count: int) -> list[Span]:
    """Join neighbours, so that at most so many spans are left."""
    size = -(-len(spans) // max(count, 1))
    groups = [spans[at : at + size] for at in range(0, len(spans), size)]
    return [Span(group[0].begin, group[-1].end) for group in groups]
