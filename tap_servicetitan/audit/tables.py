"""The rows of a stream in a warehouse."""

from __future__ import annotations

import abc
import dataclasses
import functools
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from typing_extensions import override

from tap_servicetitan.state.timestamps import as_parameter, parse

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from tap_servicetitan.audit.databases import Database
    from tap_servicetitan.audit.spans import Span

DELETED = "_sdc_deleted_at"
TENANT = "tenant_id"

Row = dict[str, Any]


class Table(abc.ABC):
    """What is known of the rows of a stream in a warehouse."""

    has_rows = True
    """Whether rows can be looked at, or only counted."""

    @abc.abstractmethod
    def count(self, date: str, span: Span, *, active_only: bool = False) -> int:
        """Count the rows whose date lies in a span."""

    @abc.abstractmethod
    def first(self, date: str) -> datetime | None:
        """Return the earliest date of a row."""

    @abc.abstractmethod
    def rows(self, date: str, span: Span) -> Iterator[Row]:
        """Return the rows whose date lies in a span, by the names of the fields; none where they are only counted."""

    @abc.abstractmethod
    def row(self, key: Mapping[str, Any]) -> Row | None:
        """Return the row with a key; None where there is none, or rows are only counted."""


@dataclasses.dataclass(frozen=True)
class SqlTable(Table):
    """A table, without the rows that are marked as deleted."""

    database: Database
    stream: str
    columns: Mapping[str, str]
    """The column of each field; a target may have written its name in lower case."""
    types: Mapping[str, str]
    """The type of each column."""
    tenant_id: str

    @classmethod
    def of(cls, database: Database, stream: str, fields: Iterable[str], tenant_id: str) -> SqlTable | None:
        """Find the table of a stream; None if there is none."""
        types = database.columns(stream)
        by_name = {name.lower(): name for name in types}
        wanted = (*fields, DELETED, TENANT)
        columns = {name: by_name[name.lower()] for name in wanted if name.lower() in by_name}
        return cls(database, stream, columns, types, tenant_id) if types else None

    @override
    def count(self, date: str, span: Span, *, active_only: bool = False) -> int:
        query = self._limited(sa.select(sa.func.count()).select_from(self._table), date, span)
        if active_only and "active" in self.columns:
            active = self._column("active")
            query = query.where(active.is_(None) | active.is_(sa.true()))
        return int(self.database.execute(query)[0][0])

    @override
    def first(self, date: str) -> datetime | None:
        return self._extreme(sa.func.min, date)

    def newest(self, date: str) -> datetime | None:
        """Return the latest date of a row."""
        return self._extreme(sa.func.max, date)

    @override
    def rows(self, date: str, span: Span) -> Iterator[Row]:
        for row in self.database.execute(self._limited(self._all, date, span)):
            yield dict(zip(self._fields, row, strict=True))

    @override
    def row(self, key: Mapping[str, Any]) -> Row | None:
        found = self.database.execute(self._limited(self._all).where(*self._with(key)))
        return dict(zip(self._fields, found[0], strict=True)) if found else None

    def mark_deleted(self, keys: Iterable[Mapping[str, Any]], now: datetime) -> bool:
        """Mark rows as deleted; return whether that could be done, for there may be no column for it."""
        if DELETED not in self.columns:
            if not self.database.add_column(self.stream, DELETED):
                return False
            again = SqlTable.of(self.database, self.stream, self.columns, self.tenant_id)
            return again is not None and again.mark_deleted(keys, now)
        for key in keys:
            marked = {self.columns[DELETED]: self._value(DELETED, now)}
            self.database.execute(sa.update(self._table).where(*self._with(key)).values(marked))
        return True

    @functools.cached_property
    def _table(self) -> sa.TableClause:
        columns: list[sa.ColumnClause[Any]] = [sa.column(name) for name in self.columns.values()]
        return sa.table(self.stream, *columns, schema=self.database.schema)

    def _column(self, field: str) -> sa.ColumnElement[Any]:
        return self._table.c[self.columns[field]]

    @property
    def _fields(self) -> list[str]:
        return [name for name in self.columns if name not in {DELETED, TENANT}]

    @property
    def _all(self) -> sa.Select[Any]:
        return sa.select(*map(self._column, self._fields))

    def _extreme(self, function: Any, date: str) -> datetime | None:  # noqa: ANN401 - a function of SQL
        return as_moment(self.database.execute(self._limited(sa.select(function(self._column(date)))))[0][0])

    def _limited(self, query: sa.Select[Any], date: str = "", span: Span | None = None) -> sa.Select[Any]:
        """Leave out the rows of other tenants, those that are marked as deleted, and those outside of a span."""
        if DELETED in self.columns:
            query = query.where(self._column(DELETED).is_(None))
        if TENANT in self.columns:
            query = query.where(self._column(TENANT) == int(self.tenant_id))
        if span and span.begin:
            query = query.where(self._column(date) >= self._value(date, span.begin))
        if span and span.end:
            query = query.where(self._column(date) < self._value(date, span.end))
        return query

    def _with(self, key: Mapping[str, Any]) -> list[sa.ColumnElement[bool]]:
        tests = [self._column(name) == value for name, value in key.items()]
        return [*tests, self._column(TENANT) == int(self.tenant_id)] if TENANT in self.columns else tests

    def _value(self, field: str, moment: datetime) -> object:
        """Write an instant as the column holds its own: with a zone, without, or as a text."""
        kind = self.types[self.columns[field]].upper()
        if not kind.startswith(("TIMESTAMP", "DATETIME", "DATE")):
            return as_parameter(moment)
        has_zone = "WITH TIME ZONE" in kind or "TIMESTAMPTZ" in kind
        return moment if has_zone else moment.astimezone(UTC).replace(tzinfo=None)


def as_moment(value: object) -> datetime | None:
    """Read what a database or the API gives for a date-time."""
    if isinstance(value, datetime):
        return value.astimezone(UTC) if value.tzinfo else value.replace(tzinfo=UTC)
    return parse(str(value)) if value is not None else None
