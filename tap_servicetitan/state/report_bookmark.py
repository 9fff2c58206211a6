"""What the stream of a report remembers between runs."""

from __future__ import annotations

import dataclasses
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from tap_servicetitan.state.checks import check_owner, check_times, check_type, read_text
from tap_servicetitan.state.timestamps import parse

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date


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
    check_owner(stream, state, tenant_id)
    words = ("read_to", "resume", "reaches")
    texts = {word: read_text(stream, state, word) for word in words}
    mark = read_text(stream, state, "replication_key_value")
    check_times(stream, replication_key_value=mark, **texts)
    days = {word: moment.date() for word, text in texts.items() if text and (moment := parse(text))}
    grid = read_text(stream, state, "grid")
    if mark and grid is None and (moment := parse(mark)):
        # That day was not over yet when it was read.
        days["read_to"] = moment.date() - timedelta(days=1)
    check_type(stream, "kinds", state.get("kinds"), dict)
    check_type(stream, "cuts", state.get("cuts"), list)
    cuts = tuple(moment.date() for text in state.get("cuts") or () if (moment := parse(str(text))))
    return ReportBookmark(**days, grid=grid, cuts=cuts, kinds=state.get("kinds") or {}, run_at=mark)
