"""What a stream remembers between runs: a kind of bookmark for each kind of stream."""

from __future__ import annotations

import dataclasses
from datetime import timedelta
from typing import TYPE_CHECKING, Any, NoReturn

from tap_servicetitan.errors import StateError
from tap_servicetitan.state.timestamps import as_parameter, latest, minus, parse, sortable

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date, datetime

OVERLAP = timedelta(hours=2)
"""How far before a date bookmark a feed is read again. A change shows up to 15 minutes late; the rest is margin."""

SWEEP_AFTER = timedelta(days=7)
"""How long a child stream visits only the parents that changed, before it visits all of them again."""

LIST_OVERLAP = timedelta(hours=1)
"""How far before its bookmark a list is asked for again: a change may be shown late, and clocks differ."""

RECENT_REACH = timedelta(hours=1)
"""How old a change can be and still come again: the API says 15 minutes; the rest is margin."""

_MARKS = ("modifiedOn", "createdOn")

_WORDS = frozenset(
    {
        *("tenant_id", "replication_key", "replication_key_value", "recent"),
        *("continue_from", "settled_value", "parent", "swept_on", "sweep_began"),
        *("grid", "read_to", "resume", "reaches", "cuts", "kinds"),
    }
)
"""All that this version writes into a bookmark. A bookmark without a tenant is of another tap, and may say more."""


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
    _check_owner(stream, state, tenant_id)
    token, mark, settled = (
        _text(stream, state, word) for word in ("continue_from", "replication_key_value", "settled_value")
    )
    _check_times(stream, replication_key_value=mark, settled_value=settled)
    if token is None and state.get("replication_key", _MARKS[0]) not in _MARKS:
        # The MeltanoLabs tap bookmarks job_history by the date of the event, which may lie in the future.
        mark = None
    return FeedBookmark(
        token=token or None,
        mark=mark,
        settled=settled,
        at_end="settled_value" not in state and mark is not None,
        recent=_recent(stream, state),
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
    _check_owner(stream, state, tenant_id)
    mark = _text(stream, state, "replication_key_value")
    _check_times(stream, replication_key_value=mark)
    return DateBookmark(mark=mark, recent=_recent(stream, state))


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
    _check_owner(stream, state, tenant_id)
    parent = state.get("parent")
    _check(stream, "parent", parent, dict)
    swept, began = (_text(stream, state, word) for word in ("swept_on", "sweep_began"))
    _check_times(stream, swept_on=swept, sweep_began=began)
    return ChildBookmark(parent=parent or {}, swept_on=swept, sweep_began=began, recent=_recent(stream, state))


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class ReportBookmark:
    """How far a report was read, and what of it must stay as it was.

    A reading goes from window to window, those to read again first. Until it comes to its end, `read_to` stays, so
    that what was to be read again is not forgotten when it breaks off; `resume` tells where it goes on.
    """

    read_to: date | None = None
    """The last day that was over when it was read."""
    resume: date | None = None
    """The day that a reading goes on from which broke off."""
    reaches: date | None = None
    """What `read_to` is to be at the end of that reading."""
    grid: str | None = None
    """How the days are cut into windows: the first day, and their length."""
    cuts: tuple[date, ...] = ()
    """Days before which a window was cut, because all of it was too much for the API."""
    kinds: Mapping[str, str] = dataclasses.field(default_factory=dict)
    """The type that each column was written with."""
    run_at: str | None = None

    def to_state(self, tenant_id: str, cursor: str | None) -> dict[str, Any]:
        """Write the bookmark as it stands in a state."""
        state: dict[str, Any] = {"tenant_id": tenant_id}
        if cursor:
            state |= {"replication_key": cursor, "replication_key_value": self.run_at, "grid": self.grid}
        days = {word: getattr(self, word) for word in ("read_to", "resume", "reaches")}
        state |= {word: day.isoformat() for word, day in days.items() if day}
        if self.cuts:
            state["cuts"] = [day.isoformat() for day in self.cuts]
        return state | ({"kinds": dict(self.kinds)} if self.kinds else {})


def read_report_bookmark(stream: str, state: Mapping[str, Any], tenant_id: str) -> ReportBookmark:
    """Read the bookmark of a report. That of the MeltanoLabs tap is the last day that it has read.

    Raises:
        StateError: It belongs to another tenant, or is not a bookmark.
    """
    _check_owner(stream, state, tenant_id)
    words = ("read_to", "resume", "reaches")
    texts = {word: _text(stream, state, word) for word in words}
    mark = _text(stream, state, "replication_key_value")
    _check_times(stream, replication_key_value=mark, **texts)
    days = {word: moment.date() for word, text in texts.items() if text and (moment := parse(text))}
    grid = _text(stream, state, "grid")
    if mark and grid is None and (moment := parse(mark)):
        # That day was not over yet when it was read.
        days["read_to"] = moment.date() - timedelta(days=1)
    _check(stream, "kinds", state.get("kinds"), dict)
    _check(stream, "cuts", state.get("cuts"), list)
    cuts = tuple(moment.date() for text in state.get("cuts") or () if (moment := parse(str(text))))
    return ReportBookmark(**days, grid=grid, cuts=cuts, kinds=state.get("kinds") or {}, run_at=mark)


def _check_owner(stream: str, state: Mapping[str, Any], tenant_id: str) -> None:
    owner = state.get("tenant_id")
    if owner is not None and str(owner) != tenant_id:
        msg = (
            f"{stream}: the state has a bookmark of tenant {owner}, and the settings name tenant {tenant_id}; "
            "give the state of this tenant, or none for a first run"
        )
        raise StateError(msg)
    if owner is not None and (unknown := sorted(state.keys() - _WORDS)):
        msg = (
            f"{stream}: the state's bookmark says {', '.join(unknown)}, which this version of the tap does not know: a "
            "newer one wrote it; update the tap, or remove the stream's bookmark to read the stream from its start"
        )
        raise StateError(msg)


def _check_times(stream: str, **values: str | None) -> None:
    for word, value in values.items():
        if value and sortable(value) is None:
            _refuse(stream, word, "not a time")


def _recent(stream: str, state: Mapping[str, Any]) -> tuple[str, ...]:
    _check(stream, "recent", state.get("recent"), list)
    return tuple(str(entry) for entry in state.get("recent") or ())


def _text(stream: str, state: Mapping[str, Any], word: str) -> str | None:
    value = state.get(word)
    _check(stream, word, value, str)
    return value


def _check(stream: str, word: str, value: object, wanted: type) -> None:
    if value is not None and not isinstance(value, wanted):
        _refuse(stream, word, f"a {type(value).__name__}, not a {wanted.__name__}")


def _refuse(stream: str, word: str, fault: str) -> NoReturn:
    msg = (
        f"{stream}: the state's {word} is {fault}; "
        "fix the state, or remove the stream's bookmark to read the stream from its start"
    )
    raise StateError(msg)
