"""Reads a report: all of it in each run, or one window of days after the other."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace
from typing_extensions import override

from tap_servicetitan.errors import (
    ForbiddenError,
    NotFoundError,
    OverloadError,
    ReportError,
    StreamError,
    UnexpectedBodyError,
)
from tap_servicetitan.readers.base import Page, Reader
from tap_servicetitan.reports.columns import KEY
from tap_servicetitan.reports.description import checked
from tap_servicetitan.reports.pages import PageMaker
from tap_servicetitan.reports.reading import Reading
from tap_servicetitan.reports.runs import Run
from tap_servicetitan.reports.schedule import Schedule
from tap_servicetitan.state.report_bookmark import ReportBookmark, read_report_bookmark
from tap_servicetitan.state.timestamps import as_parameter

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Mapping, Sequence
    from datetime import date

    from tap_servicetitan.api.report_pages import ReportPage
    from tap_servicetitan.records.factory import RecordFactory
    from tap_servicetitan.reports.api import ReportApi
    from tap_servicetitan.reports.description import Parameter, Value
    from tap_servicetitan.reports.rows import Rows
    from tap_servicetitan.reports.table import ReportTable
    from tap_servicetitan.reports.windows import Days
    from tap_servicetitan.session import Session
    from tap_servicetitan.settings.reports import WindowSettings

MAX_SERVER_ERRORS = 3
"""How often the server may fail at several days before they are requested in two halves."""


class _MovedError(Exception):
    """It cannot be proven that all rows came."""


class ReportReader(Reader):
    """A report: all of it in each run, or one window of days after the other."""

    def __init__(self, session: Session, api: ReportApi, table: ReportTable, records: RecordFactory) -> None:
        """Prepare to read; nothing is sent yet."""
        super().__init__(session, table.row, records)
        self._api = api
        self._table = table
        self._settings = table.settings
        self._values: dict[str, Any] = {}
        self._run_at = ""
        self._pages = PageMaker(table, records, {}, "")
        self._most_days = sys.maxsize
        """So many days the server has not failed at."""
        self._joins = True
        self._is_proven = True
        """Whether all rows of the window are known to have come."""

    @override
    def read(self, state: Mapping[str, Any]) -> Iterator[Page]:
        bookmark = read_report_bookmark(self.name, state, self.session.tenant_id)
        self._values, self._run_at = self._parameters(), as_parameter(self.session.now())
        self._pages = PageMaker(self._table, self.records, dict(bookmark.column_types), self._run_at)
        if self._settings.window is None:
            yield from self._part(None, None, 0, bookmark)
            yield self._state(replace(bookmark, loaded_to=self.session.now().date()))
        else:
            yield from self._in_windows(bookmark, self._settings.window)

    def _in_windows(self, bookmark: ReportBookmark, window: WindowSettings) -> Iterator[Page]:
        try:
            now = self.session.now()
            schedule = Schedule(bookmark.known_on(now.date()), window, now, keys_are_made=KEY in self.row.key)
        except ReportError as error:
            msg = f"{self.name}: {error}"
            raise StreamError(msg) from None
        due = schedule.due
        if not due:
            self.logger.warning("%s: window.start, %s, is a day to come: nothing is read yet", self.name, window.first)
            return
        if schedule.moved_from:
            self.logger.warning(
                "%s: window.start was %s and is %s: the days between are read too",
                self.name,
                schedule.moved_from,
                window.first,
            )
        for days in due:
            self._is_proven, splits = True, set(schedule.bookmark.window_splits)
            yield from self._in_pieces(days, splits, bookmark)
            schedule.read(days, splits, complete=self._is_proven)
            yield self._state(schedule.bookmark)
        schedule.finish()
        yield self._state(schedule.bookmark)

    def _in_pieces(self, days: Days, splits: set[date], bookmark: ReportBookmark) -> Iterator[Page]:
        """Read a window, in parts where all of it is too much."""
        waiting, before = days.cut(splits), 0
        while waiting:
            piece = waiting.pop(0)
            try:
                if piece.length > self._most_days:
                    raise OverloadError  # noqa: TRY301 - what was too much for the server before is so again
                before += yield from self._part(days, piece, before, bookmark)
            except (OverloadError, _MovedError) as error:
                halves = piece.halves()
                if not halves:
                    raise
                if piece.length <= self._most_days:
                    self._explain_halving(piece, halves, error)
                splits.add(halves[1].first)
                waiting[:0] = halves

    def _part(
        self, window: Days | None, piece: Days | None, before: int, bookmark: ReportBookmark
    ) -> Generator[Page, None, int]:
        """Read what is requested at once, and give the number of its rows."""
        count = 0
        for rows in self._rows(piece):
            yield self._pages.make(rows, window, piece, before + count)
            count += len(rows)
        if not count and self._is_proven and bookmark.may_hold(piece.first if piece else None):
            # What was loaded of these days is gone, and no row is left to tell.
            yield self._pages.end_marker(window, piece)
        return count

    def _explain_halving(self, piece: Days, halves: Sequence[Days], error: Exception) -> None:
        if isinstance(error, OverloadError):
            self._most_days = halves[0].length
            self.logger.warning("%s", error)
            self.logger.warning(
                "%s: all of %s is too much for the server; parts of at most %d days are requested",
                self.name,
                piece,
                self._most_days,
            )
        else:
            self.logger.warning(
                "%s: rows of %s moved while its pages were read; it is requested in two parts", self.name, piece
            )

    def _rows(self, days: Days | None) -> Iterator[Rows]:
        """Read the report, or some days of it.

        Raises:
            _MovedError: It cannot be proven that all rows came, and fewer days may come in one page.
        """
        may_split = days is not None and bool(days.halves())
        reading = Reading(
            self.name,
            lambda number, size: self._fetch(days, number, size),
            self._table.columns,
            self.row.key,
            joins=self._joins,
        )
        try:
            for rows in reading.rows():
                if reading.walk.is_complete or not (may_split and reading.is_held):
                    yield rows
        except UnexpectedBodyError as error:
            msg = f"{self.name}: {error}; the bookmark stays where it is, report this answer to ServiceTitan"
            raise StreamError(msg) from None
        self._joins = reading.walk.joins
        if reading.walk.is_complete:
            return
        if may_split:
            raise _MovedError
        self.is_complete = self._is_proven = False
        self.logger.warning(
            "%s: it cannot be proven that all rows of %s came: rows move while it is read, or the API counts others "
            "than it sends (%d came, it counts %s). The next run reads it again.",
            self.name,
            days or "the report",
            reading.walk.read,
            "none" if reading.walk.total is None else reading.walk.total,
        )

    def _fetch(self, days: Days | None, number: int, size: int) -> ReportPage:
        window, values = self._settings.window, dict(self._values)
        if window and days:
            values |= {window.start: days.first.isoformat()} | (
                {window.end: days.last.isoformat()} if window.end else {}
            )
        run = Run(
            who=self.name,
            path=self.row.url,
            category=self._settings.category,
            report=self._settings.id,
            parameters=values,
            what=str(days) if days else "all of it",
            page=number,
            size=size,
            max_server_errors=MAX_SERVER_ERRORS if days and days.halves() else None,
        )
        try:
            return self._api.page(run)
        except (ForbiddenError, NotFoundError) as error:
            # Whoever names a report wants it: it has failed, and is not just skipped.
            raise StreamError(str(error)) from None

    def _parameters(self) -> dict[str, Any]:
        """Give the parameters that do not change, once all of them are as the report wants them."""
        window = self._settings.window
        days = [name for name in (window.start, window.end) if name] if window else []
        try:
            return checked(self._table.report, self._settings.parameters, days, self._accepted)
        except ReportError as error:
            msg = f"{self.name}: {error}"
            raise StreamError(msg) from None

    def _accepted(self, parameter: Parameter) -> list[Value]:
        try:
            return self._api.accepted(self.name, parameter)
        except (ForbiddenError, NotFoundError, UnexpectedBodyError) as error:
            self.records.warn_once(
                f"%s: the values of this parameter are not checked, because of {error}", parameter.name
            )
            return []

    def _state(self, bookmark: ReportBookmark) -> Page:
        cursor = self.row.replication_key
        now = replace(bookmark, column_types=self._pages.types, run_at=self._run_at if cursor else None)
        return Page(state=now.to_state(self.session.tenant_id, cursor))
