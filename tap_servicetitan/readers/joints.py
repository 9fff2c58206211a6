"""Pages that overlap: which one to fetch next, and whether it joins what was read."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tap_servicetitan.api.pages import ListPage

OVERLAP = 3
"""Rows that a page shares with those before it. Two that match are proof enough, so that one may be deleted."""

MAX_MISMATCHES = 5
"""How often pages may fail to join in a list; in a long one, half as often as it has pages."""

MAX_STALE_PAGES = 3
"""Maximum consecutive pages with known rows only before giving up."""


@dataclasses.dataclass(frozen=True, slots=True)
class Row:
    """One row of a page: which one it is, what it says, and its JSON."""

    key: int
    content: int
    raw: bytes


@dataclasses.dataclass(frozen=True, slots=True)
class Choice:
    """A page to fetch: its number, counted from 1, and how many rows to ask for."""

    number: int
    size: int

    @property
    def offset(self) -> int:
        """How many rows the API skips."""
        return (self.number - 1) * self.size


def next_page(end: int, size: int, overlap: int) -> Choice | None:
    """Choose the page that reaches furthest beyond `end` rows and shares some with them; None if there is none."""
    last = end - overlap
    if size < 1 or last < 1:
        return None
    fewest = last // size
    choices = (Choice(skipped + 1, min(size, last // skipped)) for skipped in range(max(fewest, 1), fewest + 4))
    furthest = max(choices, key=lambda one: one.number * one.size)
    return furthest if furthest.number * furthest.size > end else None


def joint(tail: Sequence[int], rows: Sequence[int], usual: int, needed: int) -> int | None:
    """Find where in the rows read last a page begins; None if its beginning is not a stretch of them.

    Args:
        tail: The contents of the rows that were read last, in order.
        rows: The contents of the page's rows.
        usual: Where it begins if nothing moved.
        needed: The fewest rows that have to match.
    """
    places = [at for at, one in enumerate(tail) if rows and one == rows[0]]
    for start in sorted(places, key=lambda at: abs(at - usual)):
        shared = min(len(tail) - start, len(rows))
        if shared >= needed and list(tail[start : start + shared]) == list(rows[:shared]):
            return start
    return None


class Chain:
    """The rows of a list so far, as an unbroken chain of pages.

    A page joins if it begins with rows that were read last, unchanged and in the same order. In an order that is
    stable for rows that do not change, none of those behind them can then have slipped by.
    """

    def __init__(self, page: ListPage, rows: Sequence[Row], size: int, *, in_place: bool) -> None:
        """Begin with the first page.

        Args:
            page: The first page.
            rows: Its rows.
            size: How many rows were asked for.
            in_place: Rows are told apart by their place alone, so that they must not have moved at all.
        """
        self.contents = [one.content for one in rows]
        """What each row says, in order."""
        self._tail = self.contents[:]
        self._end = page.count
        # The server may give fewer than were asked for, whatever it is asked.
        self._limit = min(page.size or page.count, size)
        self._in_place = in_place
        self._overlap = min(OVERLAP, max(1, page.count // 2))
        self.is_at_end = False
        """Whether the last page that joined was too short to have another behind it."""
        self._pages, self._mismatches, self._stale = 1, 0, 0

    def choose(self, size: int) -> Choice | None:
        """Choose the next page of at most `size` rows; None if joining pages leads nowhere."""
        if self._mismatches > max(MAX_MISMATCHES, self._pages // 2) or self._stale > MAX_STALE_PAGES:
            return None
        return next_page(self._end, min(self._limit, size), self._overlap)

    def join(self, choice: Choice, page: ListPage, rows: Sequence[Row]) -> Sequence[Row] | None:
        """Add a page, and give those of its rows that are new; None if it does not join."""
        self._pages += 1
        found = [one.content for one in rows]
        usual = len(self._tail) - (self._end - choice.offset)
        start = joint(self._tail, found, usual, min(2, self._overlap))
        if start is None or (self._in_place and start != usual):
            self._mismatches += 1
            self._limit = min(self._limit, page.size or self._limit)
            # Rows moved: step back, further each time.
            self._overlap = max(1, min(self._overlap * 8, self._end - 1, self._limit // 2))
            return None
        shared = len(self._tail) - start
        fresh = rows[shared:]
        self.is_at_end = page.count < choice.size and len(rows) >= shared
        self._end = choice.offset + max(len(rows), shared)
        if not fresh and page.more and page.count < choice.size:
            # The server left rows out of this page: offsets count them.
            self._end = max(self._end, choice.offset + choice.size)
        self._stale = 0 if fresh else self._stale + 1
        if fresh:
            self._overlap = OVERLAP
        self.contents += found[shared:]
        # As far as any step back goes.
        self._tail = (self._tail + found[shared:])[-2 * self._limit :]
        return fresh
