"""What a stream remembers between runs: a kind of bookmark for each kind of stream."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, ClassVar

import msgspec

from tap_servicetitan.state.base import Bookmark, read_bookmark
from tap_servicetitan.state.timestamps import as_parameter, latest, minus, parse

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

OVERLAP = timedelta(hours=2)
"""How far before a date bookmark a feed is read again. A change shows up to 15 minutes late; the rest is margin."""

SWEEP_AFTER = timedelta(days=7)
"""How long a child stream visits only the parents that changed, before it visits all of them again."""

LIST_OVERLAP = timedelta(hours=1)
"""How far before its bookmark a list is asked for again: a change may be shown late, and clocks differ."""

RECENT_REACH = timedelta(hours=1)
"""How old a change can be and still come again: the API says 15 minutes; the rest is margin."""

_MARKS = ("modifiedOn", "createdOn")


class FeedBookmark(
    Bookmark,
    frozen=True,
    kw_only=True,
    rename={"token": "continue_from", "mark": "replication_key_value", "settled": "last_complete_value"},
):
    """Where an export feed is to be read on from.

    ``token`` is the feed's own bookmark: opaque, and good on this feed of this tenant only. The
    marks serve when the API no longer takes it. A feed need not be in order of change, so in the
    middle of reading, the highest stamp seen says nothing about what is still to come: then
    ``settled`` counts, the mark of the last time when the feed had been read to its end.
    """

    times: ClassVar[tuple[str, ...]] = ("replication_key_value", "last_complete_value", "start_date")

    token: str | None = None
    mark: str | None = None
    at_end: bool = False
    settled: str | None = None
    start_date: str | None = None
    """The setting, when the feed was first read."""
    recent: tuple[Any, ...] = ()

    @property
    def horizon(self) -> str | None:
        """The mark up to which nothing can come again: until the feed is at its end, that of the last time it was."""
        return self.mark if self.at_end or self.settled is None else self.settled

    def start_again(self, now: datetime) -> str | None:
        """Tell the date to ask for where there is no token, or none that the API takes; None: the first record."""
        mark = self.mark if self.at_end else self.settled
        moment = parse(minus(mark, OVERLAP) or "") if mark else None
        # A stamp from the future says nothing of what was read.
        return as_parameter(min(moment, now - OVERLAP)) if moment and moment <= now else None

    def advance(self, token: str | None, mark: str | None, now: datetime, *, at_end: bool) -> FeedBookmark:
        """Give the bookmark that holds once a page is written whose latest stamp is `mark`."""
        mark = latest((self.mark, mark))
        settled = self.mark if self.at_end else self.settled
        if at_end and latest((mark, as_parameter(now))) == mark:
            # A stamp from the future does not tell what was read; the time of the reading does.
            settled, at_end = as_parameter(now), False
        settled = None if at_end else settled
        return FeedBookmark(token=token, mark=mark, settled=settled, at_end=at_end, start_date=self.start_date)


def read_feed_bookmark(stream: str, state: Mapping[str, Any], tenant_id: str) -> FeedBookmark:
    """Read a bookmark of an export feed, or the date bookmark of the MeltanoLabs tap.

    Raises:
        StateError: It belongs to another tenant, or is not a bookmark.
    """
    found = read_bookmark(FeedBookmark, stream, state, tenant_id)
    if not found.token and state.get("replication_key") not in {*_MARKS, None}:
        # The MeltanoLabs tap bookmarks job_history by the date of the event, which may lie in the future.
        found = msgspec.structs.replace(found, mark=None)
    if state.get("at_end") is None:
        # The MeltanoLabs tap writes none: its mark holds for all that it has read.
        found = msgspec.structs.replace(found, at_end=found.mark is not None)
    return found


class DateBookmark(Bookmark, frozen=True, kw_only=True, rename={"mark": "replication_key_value"}):
    """Up to which time a list was read to its end, and what of it would come again."""

    times: ClassVar[tuple[str, ...]] = ("replication_key_value", "start_date")

    mark: str | None = None
    start_date: str | None = None
    """The setting, when the stream was first read."""
    parent_ids: tuple[str, ...] = ()
    """The parents that were read, where a setting lists them."""
    recent: tuple[Any, ...] = ()

    def reached(self, now: datetime) -> datetime | None:
        """Tell up to when was read; a mark in the future, of another tap, does not tell it."""
        moment = parse(self.mark) if self.mark else None
        return moment if moment and moment <= now else None

    def since(self, now: datetime) -> datetime | None:
        """Give the time to ask from: what was changed shortly before the mark may not have been shown yet."""
        return parse(minus(self.mark, LIST_OVERLAP) or "") if self.mark and self.reached(now) else None


def read_date_bookmark(stream: str, state: Mapping[str, Any], tenant_id: str) -> DateBookmark:
    """Read the bookmark of a list or of a stream of windows; those of the MeltanoLabs tap look the same.

    Raises:
        StateError: It belongs to another tenant, or is not a bookmark.
    """
    return read_bookmark(DateBookmark, stream, state, tenant_id)


class ChildBookmark(Bookmark, frozen=True, kw_only=True):
    """How far a child stream came among its parents: the parents' own bookmark, kept apart for this child."""

    times: ClassVar[tuple[str, ...]] = ("last_full_visit", "full_visit_began")

    parent: dict[str, Any] | None = None
    last_full_visit: str | None = None
    """When the last visit of all parents began."""
    full_visit_began: str | None = None
    """When the visit of all parents began that is not finished yet."""
    answered_parents: tuple[dict[str, Any], ...] = ()
    """Some parents for which the API gave an answer: if no other does, these tell whether it still does."""
    parent_ids: tuple[str, ...] = ()
    """The parents that were read, where a setting lists them."""
    recent: tuple[Any, ...] = ()

    def since(self, now: datetime) -> datetime | None:
        """Give the time from which a child may have changed since all parents were visited."""
        visited = self._visited(now)
        return visited - LIST_OVERLAP if visited else None

    def is_due(self, now: datetime) -> bool:
        """Tell whether it is time to visit all parents again."""
        visited = self._visited(now)
        return visited is None or now - visited >= SWEEP_AFTER

    def _visited(self, now: datetime) -> datetime | None:
        """Tell when all parents were visited; a time in the future, from a wrong clock, does not tell it."""
        moment = parse(self.last_full_visit) if self.last_full_visit else None
        return moment if moment and moment <= now else None


def read_child_bookmark(stream: str, state: Mapping[str, Any], tenant_id: str) -> ChildBookmark:
    """Read the bookmark of a child stream. The MeltanoLabs tap keeps one for each parent: that starts afresh.

    Raises:
        StateError: It belongs to another tenant, or is not a bookmark.
    """
    return read_bookmark(ChildBookmark, stream, state, tenant_id)
