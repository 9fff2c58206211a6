"""Streams that are requested by days for some parents at once, and only once their rows are some days old."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from typing_extensions import override

from tap_servicetitan.errors import NotFoundError, RejectedError, StreamError
from tap_servicetitan.readers.base import Page
from tap_servicetitan.readers.children import MOST_IDS
from tap_servicetitan.readers.repeats import without_repeats
from tap_servicetitan.readers.spans import Span, beginning, shifted
from tap_servicetitan.readers.windows import WindowReader
from tap_servicetitan.state.dedup import Recent
from tap_servicetitan.state.fleet_bookmark import FleetBookmark, read_fleet_bookmark
from tap_servicetitan.state.timestamps import as_parameter, latest

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime

    from tap_servicetitan.api.pages import ListPage


class TooManyRowsError(Exception):
    """A query has so many rows that the API may leave some out."""


class FleetReader(WindowReader):
    """A resource that is requested by days, each for some parents, and has nothing younger than some days.

    The bookmark says up to when was read, and of which parents. So a new parent brings its past first, and one that
    left the list is still requested up to the time when it left.
    """

    _most = MOST_IDS
    """How many parents a query names; fewer once a query had too many rows."""

    @override
    def read(self, state: Mapping[str, Any]) -> Iterator[Page]:
        bookmark = read_fleet_bookmark(self.name, state, self.session.tenant_id)
        first = beginning(self.first_day, self.window.unit)
        read_to = bookmark.reached(self.session.now()) or first
        listed = self._listed()
        new = [one for one in listed if one not in bookmark.known]
        recent = Recent(by_content=True)
        for span in self._spans_between(first, read_to) if new else ():
            yield from self._pages_of(span, new, recent)
        bookmark = bookmark.with_parents(listed, as_parameter(self.session.now()))
        yield from self._state(bookmark)
        recent = Recent(by_content=True)
        old_enough = self.session.now().replace(microsecond=0) - timedelta(days=self.window.delay)
        for span in self._spans_between(read_to, old_enough):
            yield from self._pages_of(span, listed, recent)
            yield from self._pages_of_departed(span, bookmark.departed_after(span.start), recent)
            bookmark = bookmark.with_span(span.end)
            yield from self._state(bookmark)

    def _spans_between(self, start: datetime, end: datetime) -> Iterator[Span]:
        """Cut a stretch of time at the end of each day."""
        while start < end:
            midnight = shifted(beginning(start, self.window.unit), 1, self.window.unit)
            yield Span(start, min(midnight, end))
            start = midnight

    def _state(self, bookmark: FleetBookmark) -> Iterator[Page]:
        if self.may_advance:
            yield Page(state=bookmark.to_state(self.session.tenant_id, self.row.replication_key))

    def _listed(self) -> list[str]:
        """List the parents; one without an id cannot be named."""
        parents = (one for page in self.parent_pages({}) for one in page.records.dicts())
        ids = (one.get(self.row.id_field) for one in parents)
        return list(dict.fromkeys(str(one) for one in ids if one))

    def _pages_of(self, span: Span, ids: Sequence[str], recent: Recent) -> Iterator[Page]:
        """Read a day of some parents."""
        for data in self._rows(span, ids):
            read = self.records.make(data, self.known)
            timestamps = read.texts(self.row.replication_key or "")
            found = without_repeats(recent, read, self.row.key, timestamps)
            self.repeats += len(read) - len(found)
            self.newest = latest([self.newest, *timestamps])
            yield Page(found)
        # What happened at the end of a span may come with the next one too.
        recent.forget(as_parameter(span.end), timedelta())

    def _pages_of_departed(self, span: Span, ids: Sequence[str], recent: Recent) -> Iterator[Page]:
        """Read a day of parents that are not listed any more, if the API still knows them."""
        try:
            yield from self._pages_of(span, ids, recent)
        except (RejectedError, NotFoundError) as error:
            self.logger.warning(
                "%s: %d of %s that left the list cannot be read, so that their rows of %s are missing: %s",
                self.name,
                len(ids),
                self.row.parent,
                span.start.date(),
                error,
            )

    def _rows(self, span: Span, ids: Sequence[str]) -> Iterator[bytes]:
        """Read a span of some parents, in as many queries as it takes."""
        todo = [(span, ids[start : start + self._most]) for start in range(0, len(ids), self._most)]
        while todo:
            part, some = todo.pop(0)
            try:
                # All of it, before anything is written: what the API left out is not known before the end.
                pages = list(self.items(self._params(part) | {self.row.ids or "": list(some)}))
            except TooManyRowsError:
                todo = [*self._halves(part, some), *todo]
                continue
            yield from pages

    def _halves(self, span: Span, ids: Sequence[str]) -> list[tuple[Span, Sequence[str]]]:
        """Split a query: its parents, or where it is for one, its span."""
        if len(ids) > 1:
            half = len(ids) // 2
            self._most = min(self._most, len(ids) - half)
            return [(span, ids[:half]), (span, ids[half:])]
        middle = span.start + timedelta(seconds=(span.end - span.start) // timedelta(seconds=2))
        if middle == span.start:
            msg = (
                f"{self.name}: one of {self.row.parent} has {self.window.max_rows} rows or more within a second, which "
                f"is all that a query returns ({as_parameter(span.start)}); the bookmark stays where it is"
            )
            raise StreamError(msg)
        return [(Span(span.start, middle), ids), (Span(middle, span.end), ids)]

    @override
    def fetch_page(
        self, params: Mapping[str, object], values: Mapping[str, Any] | None, max_server_errors: int | None = None
    ) -> ListPage:
        page = super().fetch_page(params, values, max_server_errors)
        number_name, size_name = self.row.page_parameters
        before = (int(str(params[number_name])) - self.row.first_page) * int(str(params[size_name]))
        if self.window.max_rows and max(page.total or 0, before + page.count) >= self.window.max_rows:
            raise TooManyRowsError
        return page
