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
from tap_servicetitan.records.records import DictRecords
from tap_servicetitan.reports.columns import KEY, MISFITS, mistyped
from tap_servicetitan.reports.description import checked
from tap_servicetitan.reports.reading import Reading
from tap_servicetitan.reports.rows import Writer
from tap_servicetitan.reports.runs import Run
from tap_servicetitan.reports.windows import last_complete_day, since, windows
from tap_servicetitan.state.report_bookmark import ReportBookmark, read_report_bookmark
from tap_servicetitan.state.timestamps import as_parameter

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
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
        self._writer: Writer | None = None
        self._run_at = ""
        self._most_days = sys.maxsize
        """So many days the server has not failed at."""
        self._joins = True

    @override
    def read(self, state: Mapping[str, Any]) -> Iterator[Page]:
        bookmark = read_report_bookmark(self.name, state, self.session.tenant_id)
        self._table.learn(dict(bookmark.column_types))
        self._values, self._run_at, self._writer = self._parameters(), as_parameter(self.session.now()), None
        if self._settings.window is None:
            count = 0
            for rows in self._rows(None):
                yield self._page(rows, None, None, count, bookmark)
                count += len(rows)
            yield self._state(bookmark)
        else:
            yield from self._in_windows(bookmark, self._settings.window)

    def _in_windows(self, bookmark: ReportBookmark, window: WindowSettings) -> Iterator[Page]:
        now = self.session.now()
        bookmark = replace(
            bookmark.known_on(now.date()),
            window_layout=self._layout(bookmark, window),
            resume_until=(bookmark.resume_from and bookmark.resume_until) or last_complete_day(now),
        )
        begin = bookmark.resume_from or since(window.first, bookmark.read_to, window.look_back)
        for days in windows(window.first, window.days, begin, now.date()):
            splits = set(bookmark.window_splits)
            for rows, piece, before in self._in_pieces(days, splits):
                yield self._page(rows, days, piece, before, bookmark)
            bookmark = replace(bookmark, resume_from=days.following, window_splits=tuple(sorted(splits)))
            yield self._state(bookmark)
        again = since(window.first, bookmark.resume_until, window.look_back + window.days)
        kept = tuple(day for day in bookmark.window_splits if day >= again)
        done = replace(bookmark, read_to=bookmark.resume_until, resume_from=None, resume_until=None)
        yield self._state(replace(done, window_splits=kept))

    def _layout(self, bookmark: ReportBookmark, window: WindowSettings) -> str:
        """Tell how days are cut into windows, which must not change where keys are made of it."""
        layout = f"{window.first.isoformat()}/{window.days}"
        if bookmark.window_layout not in {None, layout} and KEY in self.row.key:
            msg = (
                f"{self.name}: its windows (first day/length) were {bookmark.window_layout} and are to be {layout}, so "
                "that what is read again would no longer replace what was loaded; set them back, or remove the "
                "stream's bookmark and its table"
            )
            raise StreamError(msg)
        return layout

    def _in_pieces(self, days: Days, splits: set[date]) -> Iterator[tuple[Rows, Days, int]]:
        """Read a window, in parts where all of it is too much; the number is that of the window's rows before."""
        waiting, before = days.cut(splits), 0
        while waiting:
            piece, count = waiting.pop(0), 0
            try:
                if piece.length > self._most_days:
                    raise OverloadError  # noqa: TRY301 - what was too much for the server before is so again
                for rows in self._rows(piece):
                    yield rows, piece, before + count
                    count += len(rows)
                before += count
            except (OverloadError, _MovedError) as error:
                halves = piece.halves()
                if not halves:
                    raise
                if piece.length <= self._most_days:
                    self._explain_halving(piece, halves, error)
                splits.add(halves[1].first)
                waiting[:0] = halves

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
        self.is_complete = False
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

    def _page(self, rows: Rows, window: Days | None, piece: Days | None, before: int, bookmark: ReportBookmark) -> Page:
        if not len(rows):
            return Page()
        writer = self._writer = self._writer or self._decided(rows, bookmark)
        for name in rows.undeclared:
            self.records.warn_once("%s: this column came, and is not in the report's description; it is left out", name)
        found = list(writer.records(rows, window, piece, before))
        for name in writer.misfits:
            self.records.warn_once(f"%s: values that are not of its type are in {MISFITS} instead", name)
        if KEY not in self.row.key:
            self._check_keys(found)
        return Page(self.records.masked(DictRecords({**one, **self.records.tenant} for one in found)))

    def _decided(self, rows: Rows, bookmark: ReportBookmark) -> Writer:
        """Decide by the first rows which columns are texts, unless it was decided in an earlier run."""
        known = dict(bookmark.column_types)
        texts = [name for name in mistyped(self._table.columns, rows.values()) if name not in known]
        for name in texts:
            self.records.warn_once("%s: its values are not of the type that is declared; it is a column of text", name)
        self._table.learn({**known, **dict.fromkeys(texts, "text")})
        return Writer(self._table.columns, self._settings.id, self._run_at, makes_key=KEY in self.row.key)

    def _check_keys(self, found: list[dict[str, Any]]) -> None:
        keys = [tuple(one[name] for name in self.row.key) for one in found]
        if any(None in key for key in keys):
            names = [name for name in self.row.key if any(one[name] is None for one in found)]
            msg = f"{self.name}: a row has no value in the key {', '.join(names)}; choose other key_properties"
            raise StreamError(msg)
        if len({*map(str, keys)}) < len(keys):
            self.records.warn_once(
                "%s: rows that were asked for together have the same, and replace each other; add to it what tells "
                "them apart",
                "key_properties",
            )

    def _state(self, bookmark: ReportBookmark) -> Page:
        cursor, types = self.row.replication_key, dict(bookmark.column_types)
        if self._writer:
            types |= {one.name: one.kind for one in self._table.columns}
        now = replace(bookmark, column_types=tuple(types.items()), run_at=self._run_at if cursor else None)
        return Page(state=now.to_state(self.session.tenant_id, cursor))
