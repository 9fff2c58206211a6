"""The table of a stream: loaded a batch at a time, within the transaction that is open."""

from __future__ import annotations

import dataclasses
import logging
from typing import TYPE_CHECKING, Any

from tap_servicetitan.duckdb.column_types import ALTERNATIVES, FITS, all_convert, all_fit, converted
from tap_servicetitan.duckdb.columns import VERSION, Columns
from tap_servicetitan.duckdb.errors import LoadError
from tap_servicetitan.duckdb.properties import unnamed
from tap_servicetitan.duckdb.staging import quoted, stage

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import duckdb

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

    def __str__(self) -> str:
        """Write them for the log."""
        return f"{self.read} read, {self.new} new, {self.changed} changed, {self.removed} removed"

    def add(self, other: Counts) -> None:
        """Add what a later transaction loaded."""
        for field in dataclasses.fields(self):
            setattr(self, field.name, getattr(self, field.name) + getattr(other, field.name))


class Table:
    """A table, within the transaction that is open."""

    def __init__(self, db: duckdb.DuckDBPyConnection, schema: str, stream: str) -> None:
        """Begin without columns."""
        self._db = db
        self.stream = stream
        self.name = f"{quoted(schema)}.{quoted(stream)}"
        self._columns = Columns(db, schema, stream)
        self._types = self._columns.types
        self._key: list[str] = []

    def declare(self, properties: Mapping[str, Mapping[str, Any]], key: Sequence[str]) -> None:
        """Make or change the table so that it is as a SCHEMA message says.

        Raises:
            LoadError: The table has columns that do not go with it.
        """
        if missing := [name for name in key if name not in properties]:
            msg = f"stream {self.stream}: the key {missing[0]} is none of the properties in the SCHEMA message"
            raise LoadError(msg)
        self._columns.declare(properties)
        self._types = self._columns.types
        self._key = [self._columns.names[name] for name in key]

    def load(self, records: Sequence[bytes], version: int | None) -> Counts:
        """Load records: upsert by key, or append where there is none.

        Raises:
            LoadError: A record has no key.
        """
        for name in unnamed(records, self._columns.names):
            self._columns.add_unnamed(name)
        names = self._columns.names
        stage(self._db, records, names, {name for name in names.values() if self._types[name] == "JSON"})
        self._check_key()
        self._keep_misfits()
        if version is not None and VERSION not in self._types:
            self._columns.add(VERSION, "BIGINT")
        new, changed = self._upsert(self._fresh(version), is_versioned=version is not None)
        # While the next records are read, and at a checkpoint, memory is for others.
        self._db.execute("DROP TABLE staged")
        return Counts(read=len(records), new=new, changed=changed)

    def activate(self, version: int, *, mark: bool) -> Counts:
        """Remove or mark the rows that have not come again with a version."""
        if VERSION not in self._types:
            self._columns.add(VERSION, "BIGINT")
        gone = f"({quoted(VERSION)} IS NULL OR {quoted(VERSION)} < {version})"
        if not mark:
            return Counts(removed=self._change(f"DELETE FROM {self.name} WHERE {gone}"))
        if DELETED not in self._types:
            self._columns.add(DELETED, "TIMESTAMP")
        now = "now()::TIMESTAMP" if self._types[DELETED] == "TIMESTAMP" else "now()::TIMESTAMP::VARCHAR"
        unmarked = f"{quoted(DELETED)} IS NULL"
        changed = self._change(f"UPDATE {self.name} SET {quoted(DELETED)} = {now} WHERE {gone} AND {unmarked}")
        return Counts(removed=changed)

    def _check_key(self) -> None:
        for name in self._key:
            if self._number(f"SELECT count(*) FROM staged WHERE {quoted(name)} IS NULL"):
                msg = f"stream {self.stream}: a record has no value for the key {name}"
                raise LoadError(msg)

    def _keep_misfits(self) -> None:
        """Change the columns with a value that does not fit to a type that keeps it."""
        for name in self._misfits():
            old = self._types[name]
            new = ALTERNATIVES.get(old)
            if new is None or not self._are_exact(name, new):
                new = "VARCHAR"
            self._columns.change_type(name, new)
            self._columns.note(name)
            if new == "VARCHAR":
                log.warning("stream %s: the column %s is text now, because a value is not %s", self.stream, name, old)

    def _misfits(self) -> list[str]:
        """Give the columns with a staged value that does not fit their type."""
        typed = [name for name in self._columns.names.values() if self._types[name] in FITS]
        if not typed:
            return []
        conditions = ", ".join(all_fit(self._types[name], quoted(name)) for name in typed)
        found = self._db.execute(f"SELECT {conditions} FROM staged").fetchone() or ()
        return [name for name, fit in zip(typed, found, strict=True) if not fit]

    def _are_exact(self, name: str, new: str) -> bool:
        """Whether a type holds all values of a column, those that are there and those that are staged."""
        staged = self._number(f"SELECT {all_fit(new, quoted(name))} FROM staged")
        return bool(
            staged and self._number(f"SELECT {all_convert(new, self._types[name], quoted(name))} FROM {self.name}")
        )

    def _fresh(self, version: int | None) -> str:
        """Write the query of the last version of each staged row, in the types of the columns."""
        values = [f"{self._converted(name)} AS {quoted(name)}" for name in self._columns.names.values()]
        if version is not None:
            values.append(f"{version}::BIGINT AS {quoted(VERSION)}")
        if DELETED in self._types and DELETED not in self._columns.names.values():
            # A row that is marked and comes again is back.
            values.append(f"NULL::{self._types[DELETED]} AS {quoted(DELETED)}")
        key = ", ".join(self._converted(name) for name in self._key)
        # To number the rows costs as much as to convert them, and few batches have a row twice.
        if key and self._number(f"SELECT count(*) - count(DISTINCT row({key})) FROM staged"):
            last = f"QUALIFY row_number() OVER (PARTITION BY {key} ORDER BY rowid DESC) = 1"
        else:
            last = "ORDER BY rowid"
        return f"SELECT {', '.join(values)} FROM staged {last}"

    def _converted(self, name: str) -> str:
        return converted(self._types[name], quoted(name))

    def _upsert(self, fresh: str, *, is_versioned: bool) -> tuple[int, int]:
        """Insert and update rows; give how many are new, and how many changed."""
        if not self._has_any_of_the_keys():
            return self._change(f"INSERT INTO {self.name} BY NAME {fresh}"), 0
        self._db.execute(f"CREATE OR REPLACE TEMP TABLE fresh AS {fresh}")
        same_key = " AND ".join(f"new.{quoted(name)} = old.{quoted(name)}" for name in self._key)
        same = " AND ".join(f"new.{name} IS NOT DISTINCT FROM old.{name}" for name in map(quoted, self._compared()))
        unchanged = self._number(
            f"SELECT count(*) FROM fresh AS new JOIN {self.name} AS old ON {same_key} WHERE {same}"
        )
        if unchanged and not is_versioned:
            self._db.execute(f"DELETE FROM fresh AS new USING {self.name} AS old WHERE {same_key} AND {same}")
        replaced = self._change(f"DELETE FROM {self.name} AS old USING fresh AS new WHERE {same_key}")
        inserted = self._change(f"INSERT INTO {self.name} BY NAME FROM fresh")
        self._db.execute("DROP TABLE fresh")
        return inserted - replaced, replaced - unchanged if is_versioned else replaced

    def _has_any_of_the_keys(self) -> bool:
        """Whether the table has rows that the staged ones replace."""
        same_key = " AND ".join(
            f"{converted(self._types[name], f'staged.{quoted(name)}')} = old.{quoted(name)}" for name in self._key
        )
        return bool(
            same_key and self._number(f"SELECT count(*) FROM staged SEMI JOIN {self.name} AS old ON {same_key}")
        )

    def _compared(self) -> list[str]:
        """Give the columns that tell whether a row changed."""
        return [*self._columns.names.values(), *({DELETED} & self._types.keys() - {*self._columns.names.values()})]

    def _number(self, query: str) -> int:
        row = self._db.execute(query).fetchone()
        return int(row[0]) if row else 0

    _change = _number
