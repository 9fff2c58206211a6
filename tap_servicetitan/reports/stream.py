"""A report as a stream."""

from __future__ import annotations

import dataclasses
import itertools
import sys
from collections import Counter
from typing import TYPE_CHECKING, Any

from singer_sdk.helpers._catalog import get_selected_schema
from typing_extensions import override

from tap_servicetitan.api.client import ForbiddenError, NotFoundError, OverloadError
from tap_servicetitan.api.pages import UnexpectedBodyError
from tap_servicetitan.records.records import DictRecords
from tap_servicetitan.reports.api import REPORTS_SCOPE, Run
from tap_servicetitan.reports.columns import KEY, MISFITS, columns_of, find_columns, lying, report_schema, with_kinds
from tap_servicetitan.reports.description import ReportError, checked
from tap_servicetitan.reports.rows import Rows, Writer
from tap_servicetitan.reports.windows import settled, since, windows
from tap_servicetitan.state.bookmarks import ReportBookmark, report_from_state
from tap_servicetitan.state.timestamps import as_parameter
from tap_servicetitan.sync.stream import Page, ServiceTitanStream, StreamError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import date

    from tap_servicetitan.api.pages import ReportPage
    from tap_servicetitan.reports.description import Parameter, Report, Value
    from tap_servicetitan.reports.settings import ReportSettings, WindowSettings
    from tap_servicetitan.reports.windows import Days
    from tap_servicetitan.tap import TapServiceTitan

PAGE_SIZE = 25_000
"""Rows of a page: the most that the API gives, because each page counts as a run."""

PATIENCE = 3
"""How often the server may fail at several days before they are asked for in two halves."""

MOST_EMPTY_PAGES = 5
"""So many pages without a row, one after the other, are taken for a report that never ends."""


class ReportStream(ServiceTitanStream):
    """A report: all of it in each run, or one window of days after the other."""

    settings: ReportSettings
    report: Report
    _made_columns = ()

    def __init__(self, tap: TapServiceTitan) -> None:
        """Begin with the types that the report declares."""
        self._columns = columns_of(self.report)
        self._texts = find_columns(self._columns, self.settings.text_columns, "text_columns")
        self._learn({})
        super().__init__(tap)
        self._values: dict[str, Any] = {}
        self._writer: Writer | None = None
        self._run_at = ""
        self._keys: Counter[str] = Counter()
        """The keys of the rows that were asked for together."""
        self._most_days = sys.maxsize
        """So many days the server has not failed at."""

    def _learn(self, kinds: Mapping[str, str]) -> None:
        """Decide the types of columns, and with them the schema."""
        self._columns = with_kinds(self._columns, kinds, self._texts)
        title = f"{self.report.name}: report {self.settings.id} of the category {self.settings.category}"
        self._report_schema = report_schema(
            title, self._columns, self.row.key, is_windowed=self.settings.window is not None
        )

    @property
    @override
    def schema(self) -> dict[str, Any]:
        return self.widened(self._report_schema)

    @property
    @override
    def effective_schema(self) -> dict[str, Any]:
        # Not that of an older catalog: columns come and go as the report is changed.
        return self.schema

    @property
    @override
    def scope(self) -> str:
        return REPORTS_SCOPE

    @override
    def begin(self) -> None:
        pages, held = self.pages(), list[Page]()
        for page in pages:
            if len(page.records):
                held.append(page)
                break
            # Types are decided by rows. Until the first ones come, there is only the bookmark to write.
            with self._tap.message_writer.lock:
                self._write(self._advance(page))
        self._begun = itertools.chain(held, pages)
        selected = get_selected_schema(self.name, self.schema, self.mask)
        self._tap.mapper.register_raw_stream_schema(self.name, selected, self.primary_keys)
        self._stream_maps = None

    @override
    def _write_schema_message(self) -> None:
        # When the tap is only tried out (`--test`), nobody has begun before.
        if self._begun is None and self.ABORT_AT_RECORD_COUNT is not None:
            self.begin()
        super()._write_schema_message()

    @override
    def read(self, state: Mapping[str, Any]) -> Iterator[Page]:
        own = self.tap_state.get("bookmarks", {}).get(self.name, {})
        bookmark = report_from_state(self.name, own, self._tap.tenant_id)
        self._learn(bookmark.kinds)
        self._values, self._run_at, self._writer = self._parameters(), as_parameter(self.now()), None
        if self.settings.window is None:
            for page, before in self._pages(None):
                yield self._page(page, None, None, before, bookmark)
            yield self._state(bookmark)
        else:
            yield from self._in_windows(
                bookmark if state else ReportBookmark(kinds=bookmark.kinds), self.settings.window
            )

    def _in_windows(self, bookmark: ReportBookmark, window: WindowSettings) -> Iterator[Page]:
        now = self.now()
        bookmark = dataclasses.replace(
            bookmark, grid=self._grid(bookmark, window), reaches=(bookmark.resume and bookmark.reaches) or settled(now)
        )
        begin = bookmark.resume or since(window.first, bookmark.read_to, window.look_back)
        for days in windows(window.first, window.days, begin, now.date()):
            cuts = set(bookmark.cuts)
            for page, piece, before in self._in_pieces(days, cuts):
                yield self._page(page, days, piece, before, bookmark)
            self._keys.clear()
            bookmark = dataclasses.replace(bookmark, resume=days.following, cuts=tuple(sorted(cuts)))
            yield self._state(bookmark)
        again = since(window.first, bookmark.reaches, window.look_back + window.days)
        kept = tuple(day for day in bookmark.cuts if day >= again)
        yield self._state(dataclasses.replace(bookmark, read_to=bookmark.reaches, resume=None, reaches=None, cuts=kept))

    def _grid(self, bookmark: ReportBookmark, window: WindowSettings) -> str:
        """Tell how days are cut into windows, which must not change where keys are made of it."""
        grid = f"{window.first.isoformat()}/{window.days}"
        if bookmark.grid not in {None, grid} and KEY in self.row.key:
            msg = (
                f"{self.name}: its windows (first day/length) were {bookmark.grid} and are to be {grid}, so that what "
                "is read again would no longer replace what was loaded; set them back, or remove the stream's bookmark "
                "and its table"
            )
            raise StreamError(msg)
        return grid

    def _in_pieces(self, days: Days, cuts: set[date]) -> Iterator[tuple[ReportPage, Days, int]]:
        """Read a window, in parts where all of it is too much; the number is that of the window's rows before."""
        waiting, before = days.cut(cuts), 0
        while waiting:
            piece, count = waiting.pop(0), 0
            try:
                if piece.length > self._most_days:
                    raise OverloadError  # noqa: TRY301 - what was too much for the server before is so again
                for page, count in self._pages(piece):
                    yield page, piece, before + count
                before += count + len(page.rows)
            except OverloadError:
                halves = piece.halves()
                if not halves:
                    raise
                if piece.length <= self._most_days:
                    self._most_days = halves[0].length
                    self.logger.warning(
                        "%s: the server failed %d times at all of %s to %s; parts of at most %d days are asked for",
                        self.name,
                        PATIENCE,
                        piece.first,
                        piece.last,
                        self._most_days,
                    )
                cuts.add(halves[1].first)
                waiting[:0] = halves
                self._keys.clear()

    def _pages(self, days: Days | None) -> Iterator[tuple[ReportPage, int]]:
        """Read the pages of the report, with the number of rows before each."""
        count = empty = 0
        for number in itertools.count(1):
            page = self._ask(days, number)
            yield page, count
            count += len(page.rows)
            empty = 0 if page.rows else empty + 1
            if not page.has_more:
                break
            if empty >= MOST_EMPTY_PAGES:
                msg = f"{self.name}: {empty} pages in a row have no row, and hasMore is true; asking on would never end"
                raise StreamError(msg)
        if page.total_count not in {None, count}:
            self.is_complete = False
            self.logger.warning(
                "%s: %d rows came, and the API counts %s: rows moved between its pages, which the next run may mend",
                self.name,
                count,
                page.total_count,
            )

    def _ask(self, days: Days | None, number: int) -> ReportPage:
        window, values = self.settings.window, dict(self._values)
        if window and days:
            values |= {window.start: days.first.isoformat()} | (
                {window.end: days.last.isoformat()} if window.end else {}
            )
        run = Run(
            who=self.name,
            path=self.row.url,
            report=self.settings.id,
            parameters=values,
            page=number,
            size=PAGE_SIZE,
            patience=PATIENCE if days and days.halves() else None,
        )
        try:
            return self._tap.reporting.page(run, self._announce_wait)
        except (ForbiddenError, NotFoundError) as error:
            # Whoever names a report wants it: it has failed, and is not just skipped.
            raise StreamError(str(error)) from None
        except UnexpectedBodyError as error:
            msg = f"{self.name}: {error}; the bookmark stays where it is, report this answer to ServiceTitan"
            raise StreamError(msg) from None

    def _announce_wait(self, seconds: float) -> None:
        self.logger.info("%s: waits %.1f s, as report_runs_per_minute has it", self.name, seconds)

    def _parameters(self) -> dict[str, Any]:
        """Give the parameters that do not change, once all of them are as the report wants them."""
        window = self.settings.window
        days = [name for name in (window.start, window.end) if name] if window else []
        try:
            return checked(self.report, self.settings.parameters, days, self._accepted)
        except ReportError as error:
            msg = f"{self.name}: {error}"
            raise StreamError(msg) from None

    def _accepted(self, parameter: Parameter) -> list[Value]:
        try:
            return self._tap.reporting.accepted(self.name, parameter)
        except (ForbiddenError, NotFoundError, UnexpectedBodyError) as error:
            self._tell_once(f"%s: the values of this parameter are not checked, because of {error}", parameter.name)
            return []

    def _page(
        self, page: ReportPage, window: Days | None, piece: Days | None, before: int, bookmark: ReportBookmark
    ) -> Page:
        rows = Rows(page, self._columns)
        if not len(rows):
            return Page()
        writer = self._writer = self._writer or self._decided(rows, bookmark)
        for name in rows.undeclared:
            self._tell_once("%s: this column came, and is not in the report's description; it is left out", name)
        found = list(writer.records(rows, window, piece, before))
        for name in writer.misfits:
            self._tell_once(f"%s: values that are not of its type are in {MISFITS} instead", name)
        if KEY not in self.row.key:
            self._check_keys(found)
        return Page(DictRecords(one | self.tenant for one in found))

    def _decided(self, rows: Rows, bookmark: ReportBookmark) -> Writer:
        """Decide by the first rows which columns are texts, unless it was decided in an earlier run."""
        texts = [name for name in lying(self._columns, rows.values()) if name not in bookmark.kinds]
        for name in texts:
            self._tell_once("%s: its values are not of the type that is declared; it is a column of text", name)
        self._learn({**bookmark.kinds, **dict.fromkeys(texts, "text")})
        return Writer(self._columns, self.settings.id, self._run_at, makes_key=KEY in self.row.key)

    def _check_keys(self, found: list[dict[str, Any]]) -> None:
        keys = [tuple(one[name] for name in self.row.key) for one in found]
        if any(None in key for key in keys):
            names = [name for name in self.row.key if any(one[name] is None for one in found)]
            msg = f"{self.name}: a row has no value in the key {', '.join(names)}; choose other key_properties"
            raise StreamError(msg)
        self._keys.update(map(str, keys))
        if max(self._keys.values()) > 1:
            self._tell_once(
                "%s: rows that were asked for together have the same, and replace each other; add to it what tells "
                "them apart",
                "key_properties",
            )

    def _state(self, bookmark: ReportBookmark) -> Page:
        kinds = {**bookmark.kinds} | ({one.name: one.kind for one in self._columns} if self._writer else {})
        now = dataclasses.replace(bookmark, kinds=kinds, run_at=self._run_at)
        return Page(state=now.to_state(self._tap.tenant_id, self.row.replication_key))
