"""What an export stream remembers between runs."""

from __future__ import annotations

import dataclasses
from datetime import timedelta
from typing import TYPE_CHECKING, Any, NoReturn

from tap_servicetitan.stamps import as_parameter, latest, minus, parse, sortable

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

OVERLAP = timedelta(hours=2)
"""How far before a date bookmark a feed is read again. A change shows up to 15 minutes late; the rest is margin."""

RECENT_REACH = timedelta(hours=1)
"""How old a change can be and still come again: the API says 15 minutes; the rest is margin."""

_MARKS = ("modifiedOn", "createdOn")


class StateError(Exception):
    """The state that was handed in cannot be used; the message says why and what to do."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Bookmark:
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

    def advance(self, token: str | None, mark: str | None, now: datetime, *, at_end: bool) -> Bookmark:
        """Give the bookmark that holds once a page is written whose latest stamp is `mark`."""
        mark = latest((self.mark, mark))
        settled = self.mark if self.at_end else self.settled
        if at_end and latest((mark, as_parameter(now))) == mark:
            # A stamp from the future does not tell what was read; the time of the reading does.
            settled, at_end = as_parameter(now), False
        return Bookmark(token=token, mark=mark, settled=settled, at_end=at_end)

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


def from_state(stream: str, state: Mapping[str, Any], tenant_id: str) -> Bookmark:
    """Read a bookmark of this tap, or the date bookmark of the MeltanoLabs tap.

    Raises:
        StateError: It belongs to another tenant, or is not a bookmark.
    """
    owner = state.get("tenant_id")
    if owner is not None and str(owner) != tenant_id:
        msg = (
            f"{stream}: the state has a bookmark of tenant {owner}, and the settings name tenant {tenant_id}; "
            "give the state of this tenant, or none for a first run"
        )
        raise StateError(msg)
    token, mark, recent = (state.get(word) for word in ("continue_from", "replication_key_value", "recent"))
    settled = state.get("settled_value")
    for word, value in (("continue_from", token), ("replication_key_value", mark), ("settled_value", settled)):
        _check(stream, word, value, str)
    _check(stream, "recent", recent, list)
    for word, value in (("replication_key_value", mark), ("settled_value", settled)):
        if value and sortable(value) is None:
            _refuse(stream, word, "not a time")
    if token is None and state.get("replication_key", _MARKS[0]) not in _MARKS:
        # The MeltanoLabs tap bookmarks job_history by the date of the event, which may lie in the future.
        mark = None
    return Bookmark(
        token=token or None,
        mark=mark,
        settled=settled,
        at_end="settled_value" not in state and mark is not None,
        recent=tuple(str(entry) for entry in recent or ()),
    )


def _check(stream: str, word: str, value: object, wanted: type) -> None:
    if value is not None and not isinstance(value, wanted):
        _refuse(stream, word, f"a {type(value).__name__}, not a {wanted.__name__}")


def _refuse(stream: str, word: str, fault: str) -> NoReturn:
    msg = (
        f"{stream}: the state's {word} is {fault}; "
        "mend the state, or remove the stream's bookmark to read the stream from its start"
    )
    raise StateError(msg)
