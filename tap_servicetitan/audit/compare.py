"""Comparing a stream: counts first, and rows where counts differ or where reading them costs no more."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tap_servicetitan.audit.findings import Difference, Result, SpanCounts
from tap_servicetitan.audit.lists import CREATED, MODIFIED
from tap_servicetitan.audit.spans import Span, grouped
from tap_servicetitan.audit.tables import as_moment
from tap_servicetitan.audit.values import differing, key_of
from tap_servicetitan.errors import TapError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from tap_servicetitan.audit.findings import Kind
    from tap_servicetitan.audit.lists import AuditedList, AuditReader
    from tap_servicetitan.audit.tables import Table

COST = 0.02
"""The requests that counting may cost, as a share of those that reading all rows would; one is always allowed."""

Row = dict[str, Any]
Key = tuple[str, ...]


class Comparison:
    """Compares one stream."""

    def __init__(
        self, audited: AuditedList, reader: AuditReader, table: Table, schema: Mapping[str, Any], whole: Span
    ) -> None:
        """Prepare.

        Args:
            audited: The list.
            reader: Reads it.
            table: The stream's table.
            schema: The properties of the stream.
            whole: The span of creation dates to compare, up to what the warehouse can have by now.
        """
        self._audited, self._reader, self._table, self._schema = audited, reader, table, schema
        self._end = whole.end
        self._whole = whole if audited.is_dated else Span()
        self._page = audited.row.page_size
        self._result = Result(stream=audited.stream)
        self._seen: set[Key] = set()

    def run(self) -> Result:
        """Compare; where that fails, the result says why."""
        result = self._result
        try:
            result.warehouse = self._count(CREATED, self._whole)
            if self._table.has_rows and (self._page is None or result.warehouse <= self._page):
                # All on one page: its rows cost the one request that their number would.
                result.api = self._compare_rows(CREATED, self._whole)
            elif self._audited.is_dated:
                result.api = self._compare_counts(result.warehouse)
            else:
                result.note = f"{result.stream} has no filter by date of creation, and too many rows to read them all"
        except TapError as error:
            result.note, result.failed = str(error), True
        return result

    def _compare_counts(self, rows: int) -> int:
        """Count by groups of years, as small ones as their cost allows."""
        allowed = max(1, int(COST * rows / (self._page or 1)))
        by_change = self._audited.is_stamped and allowed > 1 and self._table.has_rows
        first = self._table.first(CREATED)
        years = self._whole.years(first) if first else [self._whole]
        total = sum(self._search(CREATED, span) for span in grouped(years, allowed - by_change))
        if by_change:
            # A change that the warehouse has missed is a row that it has in another span of these dates.
            self._search(MODIFIED, Span(None, self._end))
        return total

    def _search(self, date: str, span: Span) -> int:
        """Count the rows of a span on both sides; where that differs, those of its parts, and at last compare them."""
        theirs = self._reader.count(_parameters(date, span))
        ours = self._count(date, span)
        if theirs == ours:
            return theirs
        parts = self._parts(date, span) if max(theirs, ours) > (self._page or 1) or not self._table.has_rows else []
        if len(parts) > 1:
            for part in parts:
                self._search(date, part)
        elif self._table.has_rows:
            self._compare_rows(date, span)
        else:
            self._result.spans.append(SpanCounts(span=str(span), api=theirs, warehouse=ours))
        return theirs

    def _parts(self, date: str, span: Span) -> list[Span]:
        first = self._table.first(date)
        if first is None:
            return []
        years = span.years(first)
        return years if len(years) > 1 else span.months(first)

    def _count(self, date: str, span: Span) -> int:
        return self._table.count(date, span, active_only=self._audited.may_hide_inactive)

    def _compare_rows(self, date: str, span: Span) -> int:
        """Compare the rows of a span, and count those of the API."""
        theirs = list(self._reader.rows(_parameters(date, span)))
        if not self._reader.is_complete:
            msg = f"{self._audited.stream}: it cannot be proven that all rows of the list came; run the audit again"
            raise TapError(msg)
        if not self._audited.key:
            self._result.note = "rows are counted, not compared: the tap makes their key"
            if (ours := self._count(date, span)) != len(theirs):
                self._result.spans.append(SpanCounts(span=str(span), api=len(theirs), warehouse=ours))
            return len(theirs)
        self._result.compared += len(theirs)
        known = {key_of(row, self._audited.key): row for row in self._table.rows(date, span)}
        for row in theirs:
            self._compare(row, known.pop(key_of(row, self._audited.key), None), date)
        # By the date of its last change, a row that is not there has changed since, and is in another span.
        for key, row in known.items() if date == CREATED else ():
            is_marked = self._audited.may_hide_deleted and row.get("active") is False
            if not is_marked and key not in self._seen:
                self._add(row, "vanished")
        return len(theirs)

    def _compare(self, theirs: Row, ours: Row | None, date: str) -> None:
        key = key_of(theirs, self._audited.key)
        if key in self._seen or self._is_pending(theirs):
            self._seen.add(key)
            return
        if ours is None and date == MODIFIED:
            # The warehouse may have it with an older date.
            ours = self._table.row({name: theirs[name] for name in self._audited.key})
        if ours is None:
            self._add(theirs, "missing")
        elif fields := differing(theirs, ours, self._schema):
            self._add(theirs, "stale", tuple(fields))
        self._seen.add(key)

    def _is_pending(self, row: Mapping[str, Any]) -> bool:
        """Tell whether the next run is still to bring a row: it is too new for the warehouse to have it."""
        return self._end is not None and any(moment >= self._end for moment in _changes(row))

    def _add(self, row: Row, kind: Kind, fields: tuple[str, ...] = ()) -> None:
        created, modified = (_text(row.get(name)) for name in (CREATED, MODIFIED))
        key = {name: row[name] for name in self._audited.key}
        found = Difference(key=key, kind=kind, created=created, modified=modified, fields=fields)
        self._result.differences.append(found)
        self._seen.add(key_of(row, self._audited.key))


def _parameters(date: str, span: Span) -> dict[str, str]:
    return span.parameters(date.removesuffix("On"))


def _changes(value: object) -> Iterator[datetime]:
    """Find when a row changed; of one that does not say it itself, when its parts did."""
    if isinstance(value, dict):
        yield from (moment for name in (CREATED, MODIFIED) if (moment := as_moment(value.get(name))))
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _changes(inner)


def _text(value: object) -> str | None:
    moment = as_moment(value)
    return moment.isoformat().replace("+00:00", "Z") if moment else None
