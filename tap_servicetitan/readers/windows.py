"""Streams whose endpoint has to be asked for by spans of time: one day or month after the other."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace
from typing_extensions import override

from tap_servicetitan.api.pages import number_of_items, read_list
from tap_servicetitan.errors import ConflictError, NotFoundError, RejectedError, UnroutedError
from tap_servicetitan.readers.base import NO_RECORDS, Page
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


FEW_SPANS = 16
"""So many spans are asked one by one; of more, it is first asked whether there is anything in them."""


class WindowReader(PagedReader):
    """A resource that is asked for by days or months."""

    _silent = _has_answered = False
    """Whether a parent answered 404 or 409, and whether one answered at all."""

    @property
    def window(self) -> Window:
        """How the spans are made and asked for."""
        assert self.row.window is not None  # noqa: S101 - the row was checked when it was made
        return self.row.window

    @property
    def first_day(self) -> datetime:
        """Where a first reading begins."""
        begins = datetime.fromisoformat(self.window.begins).replace(tzinfo=UTC)
        return max(begins, self.settings.start_date or begins)

    @override
    def read(self, state: Mapping[str, Any]) -> Iterator[Page]:
        bookmark = read_date_bookmark(self.name, state, self.session.tenant_id)
        start = bookmark.start_date if bookmark.mark else self.settings.start_parameter
        self._begun = replace(bookmark, start_date=start)
        recent = Recent(bookmark.recent, by_content=True, with_keys=self.row.has_end_markers)
        parents = [one for page in self.parent_pages({}) for one in page.records.dicts()] if self.row.parent else [{}]
        after = first = None
        yield from self._of_new_parents(bookmark, recent, parents)
        for span in self._spans(bookmark):
            first, rows = first or span.start, 0
            for page in self._pages(span, parents, recent):
                rows += len(page.records)
                yield page
            if not self.may_advance:
                continue
            gone = self._gone(recent, first, span.end)
            after = self._after(span, recent)
            # Of spans without a record only the last is worth a STATE message.
            if rows or len(gone):
                yield Page(gone, state=after)
                after = None
        if self._silent and not self._has_answered:
            self.logger.warning(
                "%s: all parents answered 404 or 409, and the next run requests them again; if the tenant "
                "does not have this module, deselect the stream",
                self.name,
            )
        elif after and self.may_advance:
            yield Page(state=after)

    def _gone(self, recent: Recent, first: datetime, end: datetime) -> Records:
        """Give the end markers of rows that came with a span before, and did not when it was read again."""
        if not self.records.end_fields or self._silent:
            return NO_RECORDS
        gone = recent.take_gone(lambda stamp: first <= (parse(stamp) or end) < end)
        keys = (self._known_of(stamp, dict(zip(self.row.key, key, strict=True))) for stamp, key in gone)
        return self.records.ends(keys)

    def _known_of(self, stamp: str, key: Mapping[str, Any]) -> dict[str, Any]:
        """Give the fields that are left of a row that is gone: its key, and the span that it was of."""
        moment = parse(stamp)
        fields = self._fields(spans(moment, moment, self.window.unit)[0]) if moment else {}
        return {**self.known, self.row.replication_key or "": stamp, **fields, **key}

    def _of_new_parents(self, bookmark: DateBookmark, recent: Recent, parents: Sequence[Record]) -> Iterator[Page]:
        """Read what parents had before that a setting lists since the last run."""
        mark = bookmark.reached(self.session.now())
        new = [one for one in parents if self.parent is None and one.get("id", "") not in bookmark.parent_ids]
        if mark is None or not new or not self.row.parent:
            return
        for span in spans(self.first_day, self._read_again_from(mark) - timedelta(days=1), self.window.unit):
            yield from self._pages(span, new, recent)

    def _pages(self, span: Span, parents: Sequence[Record], recent: Recent) -> Iterator[Page]:
        for read in self._of(span, parents):
            # A record counts as changed when it says something else than when its span was read before.
            timestamps = [one or as_parameter(span.start) for one in read.texts(self.row.replication_key or "")]
            found = without_repeats(recent, read, self.row.key, timestamps)
            self.repeats += len(read) - len(found)
            self.newest = latest([self.newest, *read.texts(self.row.replication_key or "")])
            yield Page(found)

    def _read_again_from(self, mark: datetime) -> datetime:
        return shifted(beginning(mark, self.window.unit), -self.window.look_back, self.window.unit)

    def _spans(self, bookmark: DateBookmark) -> Iterator[Span]:
        unit, today = self.window.unit, self.session.now()
        if self.window.ahead:
            last = shifted(beginning(today, unit), self.window.ahead - 1, unit)
            yield from spans(today, last, unit)
            return
        mark = bookmark.reached(today)
        first = self._read_again_from(mark) if mark else self.first_day
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
            except UnroutedError:
                raise
            except (ConflictError, NotFoundError):
                if not values:
                    raise
                self._silent = True
            else:
                self._has_answered = True

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
        return {name: moments[which].date().isoformat() for name, which in self.window.fields.items()}

    def _end(self, span: Span) -> datetime:
        return span.last_second if self.window.closed else span.end

    def _after(self, span: Span, recent: Recent) -> dict[str, Any]:
        """Give the state once a span was read; it never passes today."""
        if self.window.ahead:
            return DateBookmark().to_state(self.session.tenant_id)
        back = span.start - shifted(span.start, -self.window.look_back, self.window.unit)
        recent.forget(as_parameter(span.start), back)
        mark = as_parameter(span.start)
        now = replace(self._begun, mark=mark, recent=tuple(recent.entries()), parent_ids=self.listed_parents)
        return now.to_state(self.session.tenant_id, self.row.replication_key)
