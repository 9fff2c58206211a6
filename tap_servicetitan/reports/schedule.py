"""Which windows of a report a run reads, and what the bookmark is after each."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

from msgspec.structs import replace

from tap_servicetitan.errors import ReportError
from tap_servicetitan.reports.windows import last_complete_day, since, windows

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime

    from tap_servicetitan.reports.windows import Days
    from tap_servicetitan.settings.reports import WindowSettings
    from tap_servicetitan.state.report_bookmark import ReportBookmark


class Schedule:
    """One reading of a report by windows."""

    def __init__(self, bookmark: ReportBookmark, window: WindowSettings, now: datetime, *, keys_are_made: bool) -> None:
        """Continue from a bookmark.

        Args:
            bookmark: What an earlier run left behind.
            window: How the report is read.
            now: The time.
            keys_are_made: Whether rows are known by their window and place, so that windows must stay as they are.

        Raises:
            ReportError: They do not.
        """
        self._window, self._today = window, now.date()
        self.moved_from: date | None = None
        """Where reading began before, if an earlier day is wanted now."""
        bookmark = self._with_layout(bookmark, keys_are_made=keys_are_made)
        until = (bookmark.resume_from and bookmark.resume_until) or last_complete_day(now)
        self.bookmark = replace(bookmark, resume_until=until)
        """What it is by now."""

    def _with_layout(self, bookmark: ReportBookmark, *, keys_are_made: bool) -> ReportBookmark:
        first, days = self._window.first, self._window.days
        layout = f"{first.isoformat()}/{days}"
        before = _read_layout(bookmark.window_layout)
        if before is None or bookmark.window_layout == layout:
            return replace(bookmark, window_layout=layout)
        is_aligned = days == before[1] and (first - before[0]).days % days == 0
        if keys_are_made and not is_aligned:
            msg = (
                f"its windows (first day/length) were {bookmark.window_layout} and are to be {layout}, so that what is "
                "read again would no longer replace what was loaded; set them back, or remove the stream's bookmark "
                "and its table"
            )
            raise ReportError(msg)
        bookmark = replace(bookmark, incomplete_windows=tuple(self._in_layout(bookmark.incomplete_windows, before[1])))
        if first >= before[0]:
            return replace(bookmark, window_layout=layout)
        self.moved_from = before[0]
        until = max(before[0], bookmark.backfill_until or before[0])
        return replace(bookmark, window_layout=layout, backfill_until=until, resume_from=None, resume_until=None)

    def _in_layout(self, windows_before: Collection[date], length: int) -> list[date]:
        """Give the first days of the windows that lie where others did."""
        first, days = self._window.first, self._window.days
        lain = {day + timedelta(days=step) for day in windows_before for step in range(length)}
        return sorted({day - timedelta(days=(day - first).days % days) for day in lain if day >= first})

    @property
    def due(self) -> list[Days]:
        """The windows to read, in order: those that were incomplete, those of an earlier start, and the newest."""
        now = self.bookmark
        first = self._window.first
        begin = since(first, now.caught_up_to or now.read_to, self._window.look_back)
        return [
            days
            for days in windows(first, self._window.days, first, self._today)
            if days.last >= (now.resume_from or first)
            and (
                days.last >= begin
                or _has_any(days, now.incomplete_windows)
                or (now.backfill_until is not None and days.first < now.backfill_until)
            )
        ]

    def read(self, days: Days, splits: Collection[date], *, complete: bool) -> None:
        """Note that a window was read."""
        now = self.bookmark
        others = [day for day in now.incomplete_windows if not days.first <= day <= days.last]
        self.bookmark = replace(
            now,
            resume_from=days.following,
            window_splits=tuple(sorted(splits)),
            incomplete_windows=tuple(sorted({*others, *(() if complete else (days.first,))})),
            loaded_to=max(days.last, now.loaded_to or days.last),
        )

    def finish(self) -> None:
        """Note that all windows were read."""
        now = self.bookmark
        assert now.resume_until is not None  # noqa: S101 - set at the beginning
        again = since(self._window.first, now.resume_until, self._window.look_back + self._window.days)
        incomplete = now.incomplete_windows
        length = timedelta(days=self._window.days)
        self.bookmark = replace(
            now,
            # Up to the first window that is not known to be complete.
            read_to=min([now.resume_until, *(day - timedelta(days=1) for day in incomplete)]),
            caught_up_to=now.resume_until,
            resume_from=None,
            resume_until=None,
            backfill_until=None,
            window_splits=tuple(
                day for day in now.window_splits if day >= again or any(one < day < one + length for one in incomplete)
            ),
        )


def _has_any(days: Days, among: Collection[date]) -> bool:
    return any(days.first <= day <= days.last for day in among)


def _read_layout(layout: str | None) -> tuple[date, int] | None:
    first, _, days = (layout or "").partition("/")
    try:
        return date.fromisoformat(first), int(days)
    except ValueError:
        return None
