"""What the stream of a report remembers between runs."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Any, ClassVar

import msgspec

from tap_servicetitan.state.base import Bookmark, read_bookmark
from tap_servicetitan.state.timestamps import parse

if TYPE_CHECKING:
    from collections.abc import Mapping


class ReportBookmark(Bookmark, frozen=True, kw_only=True, rename={"run_at": "replication_key_value"}):
    """How far a report was read, and what of it must stay as it was.

    A reading goes from window to window, those to read again first. Until it comes to its end, `read_to` stays, so
    that what was to be read again is not forgotten when it breaks off; `resume_from` tells where it goes on.
    """

    times: ClassVar[tuple[str, ...]] = ("replication_key_value",)

    run_at: str | None = None
    read_to: date | None = None
    """The last day up to which all was read, and was over then."""
    caught_up_to: date | None = None
    """The last day that was over when it was read; what is missing before it, `incomplete_windows` names."""
    incomplete_windows: tuple[date, ...] = ()
    """The first days of windows that are read again, because it is not proven that all of their rows came."""
    resume_from: date | None = None
    """The day that a reading goes on from which broke off."""
    resume_until: date | None = None
    """What `caught_up_to` is to be at the end of that reading."""
    backfill_until: date | None = None
    """The day up to which that reading reads what an earlier start has added."""
    loaded_to: date | None = None
    """The last day of which there may be rows in the table."""
    window_layout: str | None = None
    """How the days are cut into windows: the first day, and their length."""
    window_splits: tuple[date, ...] = ()
    """Days before which a window was cut, because all of it was too much for the API."""
    column_types: tuple[tuple[str, str], ...] = ()
    """Each column, and the type that it was written with. No object: merged, columns of an older state would stay."""

    def known_on(self, today: date) -> ReportBookmark:
        """Give what holds on a day: what lies behind it, from an answer with a wrong clock, tells nothing."""
        tomorrow = today + timedelta(days=1)
        read_to = self.read_to if self.read_to and self.read_to <= today else None
        caught_up_to = self.caught_up_to if self.caught_up_to and self.caught_up_to <= today else None
        if self.resume_from and self.resume_until and self.resume_from <= tomorrow and self.resume_until <= today:
            return msgspec.structs.replace(self, read_to=read_to, caught_up_to=caught_up_to)
        return msgspec.structs.replace(
            self, read_to=read_to, caught_up_to=caught_up_to, resume_from=None, resume_until=None
        )

    def may_hold(self, day: date | None) -> bool:
        """Tell whether rows of a day, or of a report that has no days, may be in the table."""
        to = self.loaded_to or self.caught_up_to or self.read_to
        return to is not None and (day is None or day <= to)


def read_report_bookmark(stream: str, state: Mapping[str, Any], tenant_id: str) -> ReportBookmark:
    """Read the bookmark of a report. That of the MeltanoLabs tap is the last day that it has read.

    Raises:
        StateError: It belongs to another tenant, or is not a bookmark.
    """
    found = read_bookmark(ReportBookmark, stream, state, tenant_id)
    if found.run_at and found.window_layout is None and (moment := parse(found.run_at)):
        # That day was not over yet when it was read.
        return msgspec.structs.replace(found, read_to=moment.date() - timedelta(days=1))
    return found
