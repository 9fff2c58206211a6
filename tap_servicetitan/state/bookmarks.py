"""What a stream remembers between runs: a kind of bookmark for each kind of stream."""

from __future__ import annotations

import dataclasses
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from tap_servicetitan.state.checks import check_owner, check_times, check_type, read_text, recent_entries
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


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class FeedBookmark:
    """Where an export feed is to be read on from.

    ``token`` is the feed's own bookmark: opaque, and good on this feed of this tenant only. The
    marks serve when the API no longer takes it. A feed need not be in order of change, so in the
    middle of reading, the highest stamp seen says nothing about what is still to come: then
    ``settled`` counts, the mark of the last time when the feed had been read to its end.
    """

    token: str | None = None
    mark: str | None = None
    settled: str | None = None
    at_end: bool = False
    recent: tuple[str, ...] = ()

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
        return FeedBookmark(token=token, mark=mark, settled=settled, at_end=at_end)

    def to_state(self, tenant_id: str, cursor: str | None) -> dict[str, Any]:
        """Write the bookmark as it stands in a state."""
        state: dict[str, Any] = {"tenant_id": tenant_id, "continue_from": self.token}
        if cursor:
            state |= {"replication_key": cursor, "replication_key_value": self.mark}
        if not self.at_end:
            state["settled_value"] = self.settled
        if self.recent:
            state["recent"] = list(self.recent)
        return state


def read_feed_bookmark(stream: str, state: Mapping[str, Any], tenant_id: str) -> FeedBookmark:
    """Read a bookmark of an export feed, or the date bookmark of the MeltanoLabs tap.

    Raises:
        StateError: It belongs to another tenant, or is not a bookmark.
    """
    check_owner(stream, state, tenant_id)
    token, mark, settled = (
        read_text(stream, state, word) for word in ("continue_from", "replication_key_value", "settled_value")
    )
    check_times(stream, replication_key_value=mark, settled_value=settled)
    if token is None and state.get("replication_key", _MARKS[0]) not in _MARKS:
        # The MeltanoLabs tap bookmarks job_history by the date of the event, which may lie in the future.
        mark = None
    return FeedBookmark(
        token=token or None,
        mark=mark,
        settled=settled,
        at_end="settled_value" not in state and mark is not None,
        recent=recent_entries(stream, state),
    )


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class DateBookmark:
    """Up to which time a list was read to its end, and what of it would come again."""

    mark: str | None = None
    recent: tuple[str, ...] = ()

    def reached(self, now: datetime) -> datetime | None:
        """Tell up to when was read; a mark in the future, of another tap, does not tell it."""
        moment = parse(self.mark) if self.mark else None
        return moment if moment and moment <= now else None

    def since(self, now: datetime) -> datetime | None:
        """Give the time to ask from: what was changed shortly before the mark may not have been shown yet."""
        return parse(minus(self.mark, LIST_OVERLAP) or "") if self.mark and self.reached(now) else None

    def to_state(self, tenant_id: str, cursor: str | None) -> dict[str, Any]:
        """Write the bookmark as it stands in a state."""
        state: dict[str, Any] = {"tenant_id": tenant_id}
        if cursor:
            state |= {"replication_key": cursor, "replication_key_value": self.mark}
        if self.recent:
            state["recent"] = list(self.recent)
        return state


def read_date_bookmark(stream: str, state: Mapping[str, Any], tenant_id: str) -> DateBookmark:
    """Read the bookmark of a list or of a stream of windows; those of the MeltanoLabs tap look the same.

    Raises:
        StateError: It belongs to another tenant, or is not a bookmark.
    """
    check_owner(stream, state, tenant_id)
    mark = read_text(stream, state, "replication_key_value")
    check_times(stream, replication_key_value=mark)
    return DateBookmark(mark=mark, recent=recent_entries(stream, state))


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class ChildBookmark:
    """How far a child stream came among its parents: the parents' own bookmark, kept apart for this child."""

    parent: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    swept_on: str | None = None
    """When the last visit of all parents began."""
    sweep_began: str | None = None
    """When the visit of all parents began that is not finished yet."""
    recent: tuple[str, ...] = ()

    @property
    def since(self) -> datetime | None:
        """The time from which a child may have changed since all parents were visited."""
        return parse(minus(self.swept_on, LIST_OVERLAP) or "") if self.swept_on else None

    def is_due(self, now: datetime) -> bool:
        """Tell whether it is time to visit all parents again."""
        swept = parse(self.swept_on) if self.swept_on else None
        return swept is None or now - swept >= SWEEP_AFTER

    def to_state(self, tenant_id: str) -> dict[str, Any]:
        """Write the bookmark as it stands in a state."""
        state: dict[str, Any] = {"tenant_id": tenant_id, "parent": dict(self.parent)}
        state |= {word: value for word in ("swept_on", "sweep_began") if (value := getattr(self, word)) is not None}
        if self.recent:
            state["recent"] = list(self.recent)
        return state


def read_child_bookmark(stream: str, state: Mapping[str, Any], tenant_id: str) -> ChildBookmark:
    """Read the bookmark of a child stream. The MeltanoLabs tap keeps one for each parent: that starts afresh.

    Raises:
        StateError: It belongs to another tenant, or is not a bookmark.
    """
    check_owner(stream, state, tenant_id)
    parent = state.get("parent")
    check_type(stream, "parent", parent, dict)
    swept, began = (read_text(stream, state, word) for word in ("swept_on", "sweep_began"))
    check_times(stream, swept_on=swept, sweep_began=began)
    return ChildBookmark(parent=parent or {}, swept_on=swept, sweep_began=began, recent=recent_entries(stream, state))
