"""The table of a stream: made from the schema, changed with it, and loaded a batch at a time."""

from __future__ import annotations

import dataclasses
import logging
from typing import TYPE_CHECKING, Any

from tap_servicetitan.duckdb.column_types import FITS, NUMBER, column_type, converted, fits, is_wider, widened
from tap_servicetitan.duckdb.errors import LoadError
from tap_servicetitan.duckdb.staging import quoted, stage

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import duckdb

VERSION = "_sdc_table_version"
DELETED = "_sdc_deleted_at"

log = logging.getLogger("target-servicetitan-duckdb")


@dataclasses.dataclass(slots=True)
class Counts:
    """What was loaded into a table."""

    read: int = 0
    """Records, all versions of a row included."""
    new: int = 0
    changed: int = 0
    removed: int = 0

    def add(self, other: Counts) -> None:
        """Add what a later transaction loaded."""
        for field in dataclasses.fields(self):
            setattr(self, field.name, getattr(self, field.name) + getattr(other, field.name))


class Table:
    """A table, within the transaction that is open."""

    def __init__(self, db: duckdb.DuckDBPyConnection, schema: str, stream: str) -> None:
        """Begin without columns."""
        self._db = db
        self._schema = schema
        self.stream = stream
        self.name = f"{quoted(schema)}.{quoted(stream)}"
        self.columns: dict[str, str] = {}
        """The column of each property."""
        self._types: dict[str, str] = {}
        """The type that each column has now."""
        self._declared: dict[str, str] = {}
        """The type that the schema gives each column."""
        self._key: list[str] = []

    def declare(self, properties: Mapping[str, Mapping[str, Any]], key: Sequence[str]) -> None:
        """Make or change the table so that it is as a SCHEMA message says.

        Raises:
            LoadError: The table has columns that do not go with it.
        """
        if missing := [name for name in key if name not in properties]:
            msg = f"stream {self.stream}: the key {missing[0]} is none of the properties in the SCHEMA message"
            raise LoadError(msg)
        self.columns = column_names(properties)
        self._key = [self.columns[name] for name in key]
        declared = self._declared = {self.columns[name]: column_type(facts) for name, facts in properties.items()}
        existing = self._existing()
        if not existing:
            columns = ", ".join(f"{quoted(name)} {type_}" for name, type_ in declared.items())
            self._db.execute(f"CREATE TABLE {self.name} ({columns})")
        self._types = {name: actual for name, (actual, _) in existing.items()}
        for name, type_ in declared.items():
            if name not in existing:
                if existing:
                    self._add_column(name, type_)
                self._types[name] = type_
            else:
                self._reconcile(name, type_, *existing[name])

    def load(self, records: Sequence[bytes], version: int | None) -> Counts:
        """Load records: upsert by key, or append where there is none.

        Raises:
            LoadError: A record has no key.
        """
        nested = {name for name, type_ in self._types.items() if type_ == "JSON"}
        stage(self._db, records, self.columns, nested)
        self._check_key()
        self._keep_misfits()
        if version is not None and VERSION not in self._types:
            self._add_column(VERSION, "BIGINT")
        self._convert(version)
        return self._upsert(len(records), is_versioned=version is not None)

    def activate(self, version: int, *, mark: bool) -> Counts:
        """Remove or mark the rows that have not come again with a version."""
        if VERSION not in self._types:
            self._add_column(VERSION, "BIGINT")
        gone = f"({quoted(VERSION)} IS NULL OR {quoted(VERSION)} < {version})"
        if not mark:
            return Counts(removed=self._change(f"DELETE FROM {self.name} WHERE {gone}"))
        if DELETED not in self._types:
            self._add_column(DELETED, "TIMESTAMP")
        now = "now()::TIMESTAMP" if self._types[DELETED] == "TIMESTAMP" else "now()::TIMESTAMP::VARCHAR"
        unmarked = f"{quoted(DELETED)} IS NULL"
        changed = self._change(f"UPDATE {self.name} SET {quoted(DELETED)} = {now} WHERE {gone} AND {unmarked}")
        return Counts(removed=changed)

    def _existing(self) -> dict[str, tuple[str, str]]:
        """Give each column's type, and the type that the schema declared for it."""
        found = self._db.execute(
            "SELECT column_name, data_type, comment FROM duckdb_columns() WHERE database_name = current_database()"
            " AND schema_name = $schema AND lower(table_name) = lower($table) ORDER BY column_index",
            {"schema": self._schema, "table": self.stream},
        ).fetchall()
        return {name: (type_, comment.split(" ")[0] if comment else type_) for name, type_, comment in found}

    def _reconcile(self, name: str, new: str, actual: str, declared: str) -> None:
        """Let a column follow its schema to a wider type."""
        if new in (declared, actual):
            return
        if not is_wider(new, declared):
            msg = (
                f"stream {self.stream}: the column {name} is {declared}, and the schema now says {new}, which does not "
                f"hold all of its values; rename or drop the column, or load into another schema"
            )
            raise LoadError(msg)
        if is_wider(new, actual):
            self._change_type(name, new)
        elif actual != new:
            self._comment(name, new)

    def _check_key(self) -> None:
        for name in self._key:
            if self._number(f"SELECT count(*) FROM staged WHERE {quoted(name)} IS NULL"):
                msg = f"stream {self.stream}: a record has no value for the key {name}"
                raise LoadError(msg)

    def _keep_misfits(self) -> None:
        """Change the columns with a value that does not fit to a type that keeps it."""
        typed = {name: self._types[name] for name in self.columns.values() if self._types[name] in FITS}
        for name in self._misfits(typed):
            old = self._types[name]
            new = "DOUBLE" if old == NUMBER and self._is_exact_as_double(name) else "VARCHAR"
            self._change_type(name, new)
            self._comment(name, self._declared[name])
            log.warning("stream %s: the column %s is %s now, because a value is not %s", self.stream, name, new, old)

    def _is_exact_as_double(self, name: str) -> bool:
        changes = f"TRY_CAST({quoted(name)}::DOUBLE AS {NUMBER}) IS DISTINCT FROM {quoted(name)}"
        return not self._misfits({name: "DOUBLE"}) and not self._number(
            f"SELECT count(*) FROM {self.name} WHERE {changes}"
        )

    def _misfits(self, types: Mapping[str, str]) -> list[str]:
        """Give the columns with a staged value that does not fit a type."""
        if not types:
            return []
        counts = ", ".join(
            f"count(*) FILTER ({quoted(name)} IS NOT NULL AND NOT coalesce("
            f"{fits(type_, quoted(name), is_key=name in self._key)}, false))"
            for name, type_ in types.items()
        )
        found = self._db.execute(f"SELECT {counts} FROM staged").fetchone() or ()
        return [name for name, count in zip(types, found, strict=True) if count]

    def _convert(self, version: int | None) -> None:
        """Make the table ``fresh``: the last version of each staged row, in the types of the columns."""
        values = [f"{self._converted(name)} AS {quoted(name)}" for name in self.columns.values()]
        if version is not None:
            values.append(f"{version}::BIGINT AS {quoted(VERSION)}")
        if DELETED in self._types and DELETED not in self.columns.values():
            # A row that is marked and comes again is back.
            values.append(f"NULL::{self._types[DELETED]} AS {quoted(DELETED)}")
        key = ", ".join(self._converted(name) for name in self._key)
        last = f"QUALIFY row_number() OVER (PARTITION BY {key} ORDER BY rowid DESC) = 1" if key else "ORDER BY rowid"
        self._db.execute(f"CREATE OR REPLACE TEMP TABLE fresh AS SELECT {', '.join(values)} FROM staged {last}")

    def _converted(self, name: str) -> str:
        type_ = self._types[name]
        if type_ == "JSON":
            return f"CAST({quoted(name)} AS JSON)"
        return quoted(name) if type_ == "VARCHAR" else converted(type_, quoted(name))

    def _upsert(self, read: int, *, is_versioned: bool) -> Counts:
        same_key = " AND ".join(f"new.{quoted(name)} = old.{quoted(name)}" for name in self._key)
        if not same_key:
            return Counts(read=read, new=self._insert())
        same = " AND ".join(f"new.{name} IS NOT DISTINCT FROM old.{name}" for name in map(quoted, self._compared()))
        unchanged = self._number(
            f"SELECT count(*) FROM fresh AS new JOIN {self.name} AS old ON {same_key} WHERE {same}"
        )
        if unchanged and not is_versioned:
            self._db.execute(f"DELETE FROM fresh AS new USING {self.name} AS old WHERE {same_key} AND {same}")
        replaced = self._change(f"DELETE FROM {self.name} AS old USING fresh AS new WHERE {same_key}")
        changed = replaced - unchanged if is_versioned else replaced
        return Counts(read=read, new=self._insert() - replaced, changed=changed)

    def _compared(self) -> list[str]:
        """Give the columns that tell whether a row changed."""
        return [*self.columns.values(), *({DELETED} & self._types.keys() - {*self.columns.values()})]

    def _insert(self) -> int:
        return self._change(f"INSERT INTO {self.name} BY NAME FROM fresh")

    def _add_column(self, name: str, type_: str) -> None:
        self._db.execute(f"ALTER TABLE {self.name} ADD COLUMN {quoted(name)} {type_}")
        self._types[name] = type_

    def _change_type(self, name: str, new: str) -> None:
        value = widened(self._types[name], new, quoted(name))
        self._db.execute(f"ALTER TABLE {self.name} ALTER COLUMN {quoted(name)} TYPE {new} USING {value}")
        self._types[name] = new

    def _comment(self, name: str, declared: str) -> None:
        text = f"{declared} in the schema; a value of it does not fit"
        self._db.execute(f"COMMENT ON COLUMN {self.name}.{quoted(name)} IS '{text}'")

    def _number(self, query: str) -> int:
        row = self._db.execute(query).fetchone()
        return int(row[0]) if row else 0

    _change = _number


def column_names(properties: Mapping[str, object]) -> dict[str, str]:
    """Name a column for each property; on a clash, as DuckDB ignores case, later ones get a number."""
    names: dict[str, str] = {}
    taken = {VERSION}
    for name in properties:
        column, number = name, 1
        while column.casefold() in taken:
            number += 1
            column = f"{name}_{number}"
        taken.add(column.casefold())
        names[name] = column
    return names
