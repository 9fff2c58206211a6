"""The way through a list page by page, with a proof that no row slipped by."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from tap_servicetitan.errors import EndlessFeedError, OverloadError
from tap_servicetitan.readers.joints import MAX_STALE_PAGES, Chain, Row

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator, Sequence

    from tap_servicetitan.api.pages import ListPage

SMALLEST_PAGE = 100
"""Rows of a page below which its size is not the reason why it fails."""

MAX_PASSES = 3
"""How often a list is read from its first page on whose pages cannot be joined."""

MAX_EMPTY_PAGES = 20
"""Maximum consecutive empty pages before giving up."""

Fetch: TypeAlias = "Callable[[int, int], ListPage]"
"""Fetches the page of a number, counted from 1, and a size; raises `OverloadError` where a smaller one may help."""

Identify: TypeAlias = "Callable[[bytes], list[Row]]"
"""Splits the array of a page into its rows."""


class Walk:
    """One reading of a list.

    Its pages overlap, and are joined to a chain, which proves that no row is missing. Where they cannot be joined, the
    list is read in passes from its first page on, until one brings just the rows that the one before did. What a row
    says may change meanwhile: it is given each time, and what changes behind the last reading is the next run's.
    """

    def __init__(
        self, fetch: Fetch, identify: Identify, size: int, *, joins: bool = True, numbered: bool = False
    ) -> None:
        """Prepare to read.

        Args:
            fetch: Fetches a page.
            identify: Splits a page.
            size: The most rows of a page.
            joins: Whether the server honours page sizes, as far as is known, so that pages can overlap.
            numbered: Rows are told apart by their place alone: they are given once all of them are certain.
        """
        self._fetch, self._identify, self._numbered = fetch, identify, numbered
        self.size = size
        """The most rows of a page; halved where pages of this size keep failing."""
        self.joins = joins
        """Whether the server honours page sizes, by what came."""
        self.is_complete = False
        """Whether it is proven that no row is missing."""
        self.total: int | None = None
        """How many rows there are, by the server's word."""
        self.read = 0
        """How many rows came in the last pass."""
        self._seen: dict[int, int] = {}
        self._held: list[bytes] = []

    def pages(self) -> Iterator[bytes]:
        """Give the array of each page, without rows that came before in this reading and did not change.

        Raises:
            EndlessFeedError: Reading on would never end.
        """
        before = (yield from self._joined()) if self.joins else None
        if not self.is_complete:
            yield from self._passes(before)
        if self._held:
            yield _array(self._held)

    def _joined(self) -> Generator[bytes, None, list[int] | None]:
        """Read pages that overlap; give which rows came if all pages joined."""
        page = self._first()
        if _is_all(page):
            # One page is one moment: nothing can have moved.
            self.is_complete, self.total, self.read = True, page.total, page.count
            if page.count:
                yield page.data
            return None
        rows: Sequence[Row] = self._identify(page.data)
        chain = Chain(page, rows, self.size, in_place=self._numbered)
        came = self._which(rows)
        yield from self._emitted(rows)
        more = _has_more(page, page.count, new=page.count)
        while more:
            choice = chain.choose(self.size)
            if choice is None:
                return None
            try:
                page = self._fetch(choice.number, choice.size)
            except OverloadError as error:
                self._halve(choice.size, error)
                continue
            if max(page.count, page.size or 0) > choice.size:
                # It does not honour the size: nor will it in the next list.
                self.joins = False
                return None
            fresh = chain.join(choice, page, self._identify(page.data))
            if fresh is None:
                continue
            if self._is_unstable(fresh):
                return None
            came += self._which(fresh)
            yield from self._emitted(fresh)
            more = _has_more(page, len(chain.contents), new=len(fresh)) or (page.more is None and not chain.is_at_end)
        self.total, self.read = page.total, len(chain.contents)
        self.is_complete = self.read >= (page.total or 0)
        return came

    def _which(self, rows: Sequence[Row]) -> list[int]:
        """Tell which rows these are, for a comparison of two readings."""
        return [one.content if self._numbered else one.key for one in rows]

    def _is_unstable(self, fresh: Sequence[Row]) -> bool:
        """Tell whether a row came again behind rows that it was before, and did not change: then no order holds."""
        return not self._numbered and any(self._seen.get(one.key) == one.content for one in fresh)

    def _passes(self, before: Sequence[int] | None) -> Iterator[bytes]:
        """Read the list until two readings agree."""
        for _ in range(MAX_PASSES):
            came: list[int] = []
            pages = yield from self._pass(came)
            self.read = len(came)
            has_all = self.read >= (self.total or 0)
            if (pages == 1 and has_all) or _agree(before, came, has_all=has_all):
                self.is_complete = True
                return
            before = came

    def _pass(self, came: list[int]) -> Generator[bytes, None, int]:
        """Read the list from its first page to its last, and give the number of pages."""
        number, stale, known = 1, 0, set[int]()
        self._held.clear()
        while True:
            try:
                page = self._fetch(number, self.size)
            except OverloadError as error:
                self._halve(self.size, error)
                came.clear()
                return (yield from self._pass(came))
            rows = self._identify(page.data)
            new = len({one.content for one in rows} - known)
            if self._is_repeat(page, new, stale):
                return number
            yield from self._emitted(rows)
            known.update(one.content for one in rows)
            came += self._which(rows)
            self.total = page.total
            if not _has_more(page, len(came), new=len(rows) if page.more is None else new):
                return number
            stale = 0 if new else stale + 1
            if stale >= (MAX_STALE_PAGES if rows and not self._numbered else MAX_EMPTY_PAGES):
                msg = f"{stale} pages in a row have no {'new row' if rows else 'row'}, and hasMore is true"
                raise EndlessFeedError(msg)
            number += 1

    def _is_repeat(self, page: ListPage, new: int, stale: int) -> bool:
        """Tell whether a page is what a server sends behind its last one, where that is not an empty page."""
        if self._numbered or new or not page.count:
            return False
        return page.more is False or (page.more is None and stale + 1 >= MAX_STALE_PAGES)

    def _first(self) -> ListPage:
        while True:
            try:
                return self._fetch(1, self.size)
            except OverloadError as error:
                self._halve(self.size, error)

    def _halve(self, failed: int, error: OverloadError) -> None:
        if failed <= SMALLEST_PAGE:
            raise error
        self.size = max(SMALLEST_PAGE, failed // 2)

    def _emitted(self, rows: Sequence[Row]) -> Iterator[bytes]:
        """Give rows, without those that came before and did not change."""
        if self._numbered:
            self._held += [one.raw for one in rows]
            return
        kept = []
        for one in rows:
            if self._seen.get(one.key) != one.content:
                self._seen[one.key] = one.content
                kept.append(one.raw)
        if kept:
            yield _array(kept)


def _is_all(page: ListPage) -> bool:
    """Tell whether a first page is the whole list."""
    return (page.more is False or (page.more is None and not page.count)) and (page.total or 0) <= page.count


def _has_more(page: ListPage, read: int, *, new: int) -> bool:
    """Tell whether to read on: also where rows are missing that the total counts, as long as pages bring new ones."""
    if page.more:
        return True
    behind = page.more is None or (page.total or 0) > read
    return behind and new > 0


def _agree(before: Sequence[int] | None, came: Sequence[int], *, has_all: bool) -> bool:
    """Tell whether two readings agree: in order, or where the order changes, in rows that each came once.

    Where the order changes, they must be as many as the server counts: two readings can miss the same row by chance.
    """
    if not came or before is None or len(before) != len(came):
        return False
    return before == came or (has_all and set(before) == set(came) and len(set(came)) == len(came))


def _array(rows: Sequence[bytes]) -> bytes:
    return b"[" + b",".join(rows) + b"]"
