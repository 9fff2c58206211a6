"""Streams whose endpoint has to be asked for by spans of time: one day or month after the other."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from typing_extensions import override

from tap_servicetitan.api.pages import number_of_items, read_list
from tap_servicetitan.errors import ConflictError, NotFoundError, RejectedError
from tap_servicetitan.readers.base import Page
from tap_servicetitan.readers.lists import PagedReader
from tap_servicetitan.readers.repeats import without_repeats
from tap_servicetitan.readers.spans import Span, beginning, shifted, spans
from tap_servicetitan.state.bookmarks import DateBookmark, read_date_bookmark
from tap_servicetitan.state.dedup import Recent
from tap_servicetitan.state.timestamps import as_parameter, latest, parse

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from tap_servicetitan.catalog.window import Window
    from tap_servicetitan.records.records import Record, Records


FIRST_DAY = datetime(2015, 1, 1, tzinfo=UTC)
"""Where reading begins without a start date: the products that have such endpoints are younger, as far as is known."""

FEW_SPANS = 16
"""So many spans are asked one by one; of more, it is first asked whether there is anything in them."""


class WindowReader(PagedReader):
    """A resource that is asked for by days or months."""

    @property
    def window(self) -> Window:
        """How the spans are made and asked for."""
        assert self.row.window is not None  # noqa: S101 - the row was checked when it was made
        return self.row.window

    @override
    def read(self, state: Mapping[str, Any]) -> Iterator[Page]:
        bookmark = read_date_bookmark(self.name, state, self.session.tenant_id)
        recent = Recent(bookmark.recent, by_content=True)
        parents = [one for page in self.parent_pages({}) for one in page.records.dicts()] if self.row.parent else [{}]
        after = None
        for span in self._spans(bookmark):
            rows = 0
            for read in self._of(span, parents):
                # A record counts as changed when it says something else than when its span was read before.
                timestamps = [one or as_parameter(span.start) for one in read.texts(self.row.replication_key or "")]
                found = without_repeats(recent, read, self.row.key, timestamps)
                self.repeats += len(read) - len(found)
                self.newest = latest([self.newest, *read.texts(self.row.replication_key or "")])
                rows += len(found)
                yield Page(found)
            after = self._after(span, recent)
            # Of spans without a record only the last is worth a STATE message.
            if rows and self.may_advance:
                yield Page(state=after)
                after = None
        if after and self.may_advance:
            yield Page(state=after)

    def _spans(self, bookmark: DateBookmark) -> Iterator[Span]:
        unit, today = self.window.unit, self.session.now()
        if self.window.ahead:
            last = shifted(beginning(today, unit), self.window.ahead - 1, unit)
            yield from spans(today, last, unit)
            return
        mark = bookmark.reached(today)
        first = (
            shifted(beginning(mark, unit), -self.window.look_back, unit)
            if mark
            else self.settings.start_date or FIRST_DAY
        )
        due = spans(first, today, unit)
        yield from self._not_empty(due) if self.window.sparse else due

    def _not_empty(self, due: Sequence[Span]) -> Iterator[Span]:
        """Leave out long stretches in which there is nothing, at a request each."""
        if len(due) <= FEW_SPANS:
            yield from due
        elif self._has_any(Span(due[0].start, due[-1].end)):
            half = len(due) // 2
            yield from self._not_empty(due[:half])
            yield from self._not_empty(due[half:])

    def _has_any(self, span: Span) -> bool:
        one_row = {"page": "1", "pageSize": "1"}
        try:
            page = self.fetch(self._params(span) | one_row, lambda body: read_list(body, self.row.records, 1))
        except RejectedError:
            # Perhaps the span is too long for the API: then its parts are asked.
            return True
        return bool(number_of_items(page.data))

    def _of(self, span: Span, parents: Sequence[Record]) -> Iterator[Records]:
        fields = self._fields(span)
        for parent in parents:
            if self._is_younger(parent, span):
                continue
            values = {name: parent[field] for name, field in self.row.links.items()}
            try:
                for data in self.items(self._params(span), values):
                    yield self.records.make(data, self.known | fields | values)
            except (ConflictError, NotFoundError):
                if not values:
                    raise

    @staticmethod
    def _is_younger(parent: Record, span: Span) -> bool:
        """Tell whether a parent was made after the span, so that there can be nothing of it."""
        stamp = parent.get("createdOn")
        made = parse(stamp) if isinstance(stamp, str) else None
        return made is not None and made >= span.end

    def _params(self, span: Span) -> dict[str, str]:
        return {self.window.start: as_parameter(span.start), self.window.end: as_parameter(self._end(span))}

    def _fields(self, span: Span) -> dict[str, str]:
        """Give the fields that tell which span a record is of."""
        moments = {"start": span.start, "end": self._end(span)}
        write = (lambda moment: moment.date().isoformat()) if self.window.unit == "day" else as_parameter
        return {name: write(moments[which]) for name, which in self.window.fields.items()}

    def _end(self, span: Span) -> datetime:
        return span.last_second if self.window.closed else span.end

    def _after(self, span: Span, recent: Recent) -> dict[str, Any]:
        """Give the state once a span was read; it never passes today."""
        if self.window.ahead:
            return DateBookmark().to_state(self.session.tenant_id, None)
        back = span.start - shifted(span.start, -self.window.look_back, self.window.unit)
        recent.forget(as_parameter(span.start), back)
        mark = as_parameter(span.start)
        return DateBookmark(mark=mark, recent=tuple(recent.entries())).to_state(
            self.session.tenant_id, self.row.replication_key
        )
