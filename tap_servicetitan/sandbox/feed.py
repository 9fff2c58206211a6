"""Paging of the export feeds: order by change, the 15-minute rule, recent changes.

A feed holds every row once, at the place of its last change; a row that changes moves to the end.
"""

from __future__ import annotations

import dataclasses
import re
from bisect import bisect_left, bisect_right, insort
from itertools import islice
from typing import TYPE_CHECKING

from tap_servicetitan.sandbox.clock import MINUTE, ticks
from tap_servicetitan.sandbox.tokens import START, Position, Sealer, Token

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tap_servicetitan.sandbox.world import Row

SETTLED_AFTER = 15 * MINUTE

_DATE = re.compile(r"\d{4}-\d\d-\d\d")
# Dead places are cleared away once there are more of them than living ones.
_SPARE = 64
_LAST_NUMBER = 1 << 62


@dataclasses.dataclass(frozen=True, slots=True)
class Page:
    """A page of a feed, before it is written down."""

    rows: list[Row]
    token: Token
    has_more: bool


def is_date(start: str) -> bool:
    """Return a date from a token."""
    return bool(_DATE.match(start))


class Feed:
    """One export feed of one tenant."""

    def __init__(self, sealer: Sealer) -> None:
        """Begin without rows."""
        self.sealer = sealer
        self._places: list[Position] = []
        self._rows: dict[int, tuple[int, Row]] = {}

    def note(self, at: int, row: Row) -> None:
        """Move a row that changed to the end."""
        place = (at, row.number)
        known = self._rows.get(row.number)
        if known and known[0] == at:
            return
        self._rows[row.number] = (at, row)
        if not self._places or self._places[-1] < place:
            self._places.append(place)
        else:
            insort(self._places, place)
        if len(self._places) > 2 * len(self._rows) + _SPARE:
            self._places = [place for place in self._places if self._living(place)]

    def _living(self, place: Position) -> bool:
        return self._rows[place[1]][0] == place[0]

    def rows(self) -> list[Row]:
        """Return all rows, the one that changed last at the end."""
        return [self._rows[place[1]][1] for place in self._places if self._living(place)]

    def start(self, text: str) -> Token:
        """Find the place that a request wants to begin after: the first, a date's, or a token's."""
        if not text:
            return Token(START, START)
        if is_date(text):
            # Just before the date: a change at that very instant is included.
            before = (ticks(text) - 1, _LAST_NUMBER)
            return Token(before, before)
        return self.sealer.open(text)

    def page(self, token: Token, now: int, size: int, *, recent: bool, wanted: Callable[[Row], bool]) -> Page:
        """Return the rows after a place that may be shown by now."""
        settled = (now - SETTLED_AFTER, _LAST_NUMBER)
        limit = (now, _LAST_NUMBER) if recent else settled
        found = self._between(token.after, limit, wanted)
        shown = list(islice(found, size))
        has_more = next(found, None) is not None
        if has_more:
            after = shown[-1]
        elif recent:
            # Recent rows are to come again, so the token must not pass them.
            after = max(self._last_until(settled), token.floor, min(token.after, settled))
        else:
            after = shown[-1] if shown else token.after
        return Page([self._rows[number][1] for _, number in shown], Token(after, token.floor), has_more)

    def _between(self, after: Position, limit: Position, wanted: Callable[[Row], bool]) -> Iterator[Position]:
        begin, end = bisect_right(self._places, after), bisect_right(self._places, limit)
        for index in range(begin, end):
            place = self._places[index]
            if self._living(place) and wanted(self._rows[place[1]][1]):
                yield place

    def _last_until(self, limit: Position) -> Position:
        index = bisect_left(self._places, limit)
        return self._places[index - 1] if index else START
