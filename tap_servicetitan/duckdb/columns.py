"""The columns of a table: made from the schema, and changed with it and with values that do not fit."""

from __future__ import annotations

import logging
import re
from typing import TYPE_CHECKING, Any

from tap_servicetitan.duckdb.column_types import all_fit, as_text, column_type, converted, is_wider, widened
from tap_servicetitan.duckdb.errors import LoadError
from tap_servicetitan.duckdb.staging import quoted

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import duckdb

VERSION = "_sdc_table_version"

UNNAMED = "nothing"
"""In place of the declared type, where the schema does not name the property."""

# How the comment on a column that is not of its declared type begins. Others may comment on columns too.
_OURS = re.compile(r"(\S+) in the schema; ")

log = logging.getLogger("target-servicetitan-duckdb")


class Columns:
    """The columns of a table, within the transaction that is open."""

    def __init__(self, db: duckdb.DuckDBPyConnection, schema: str, stream: str) -> None:
        """Begin without columns."""
        self._db = db
        self._schema = schema
        self._stream = stream
        self._table = f"{quoted(schema)}.{quoted(stream)}"
        self.names: dict[str, str] = {}
        """The column of each property."""
        self.types: dict[str, str] = {}
        """The type that each column has now, those that no property belongs to included."""
        self._declared: dict[str, str] = {}
        """The type that the schema gives each column."""

    def declare(self, properties: Mapping[str, Mapping[str, Any]]) -> None:
        """Make or change the table so that it is as a SCHEMA message says.

        Raises:
            LoadError: The table has columns that do not go with it.
        """
        self.names = column_names(properties)
        declared = {self.names[name]: column_type(facts) for name, facts in properties.items()}
        existing = self._existing()
        if not existing:
            columns = ", ".join(f"{quoted(name)} {type_}" for name, type_ in declared.items())
            self._db.execute(f"CREATE TABLE {self._table} ({columns})")
            self.types = {**declared}
        else:
            self.types = {name: actual for name, (actual, _) in existing.items()}
        self._declared = {name: before for name, (_, before) in existing.items()} | declared
        for name, type_ in declared.items():
            if name in existing:
                self._reconcile(name, type_, *existing[name])
            elif existing:
                self.add(name, type_)

    def add_unnamed(self, name: str) -> None:
        """Have a column for a property that the schema does not name."""
        self.names = column_names([*self.names, name])
        column = self.names[name]
        if column not in self.types:
            self.add(column, "JSON")
            self._declared[column] = UNNAMED
            self.note(column)
            log.warning(
                "stream %s: the SCHEMA message does not name the property %s; it is kept as JSON", self._stream, name
            )

    def add(self, name: str, type_: str) -> None:
        """Add a column."""
        self._db.execute(f"ALTER TABLE {self._table} ADD COLUMN {quoted(name)} {type_}")
        self.types[name] = type_

    def change_type(self, name: str, new: str, value: str | None = None) -> None:
        """Change a column to a type that holds all its values; by default, a wider one."""
        value = value or widened(self.types[name], new, quoted(name))
        self._db.execute(f"ALTER TABLE {self._table} ALTER COLUMN {quoted(name)} TYPE {new} USING {value}")
        self.types[name] = new

    def note(self, name: str) -> None:
        """Note on a column which type the schema declares, where it has another one."""
        declared = self._declared[name]
        text = f"'{declared} in the schema; a value does not fit'" if declared != self.types[name] else "NULL"
        self._db.execute(f"COMMENT ON COLUMN {self._table}.{quoted(name)} IS {text}")

    def _existing(self) -> dict[str, tuple[str, str]]:
        """Give each column's type, and the type that the schema declared for it."""
        found = self._db.execute(
            "SELECT column_name, data_type, comment FROM duckdb_columns() WHERE database_name = current_database()"
            " AND schema_name = $schema AND lower(table_name) = lower($table) ORDER BY column_index",
            {"schema": self._schema, "table": self._stream},
        ).fetchall()
        notes = {name: _OURS.match(comment or "") for name, _, comment in found}
        return {name: (type_, note[1] if (note := notes[name]) else type_) for name, type_, _ in found}

    def _reconcile(self, name: str, new: str, actual: str, declared: str) -> None:
        """Let a column follow its schema to a wider type."""
        if new in (declared, actual):
            return
        if declared == UNNAMED:
            self._name(name, new)
        elif not is_wider(new, declared):
            msg = (
                f"stream {self._stream}: the column {name} is {declared}, and the schema now says {new}, which does "
                f"not hold all of its values; rename or drop the column, or load into another schema"
            )
            raise LoadError(msg)
        elif is_wider(new, actual):
            self.change_type(name, new)
        self.note(name)

    def _name(self, name: str, new: str) -> None:
        """Convert a column that was kept as JSON now that the schema names it: to text, if a value does not fit."""
        text = as_text("JSON", quoted(name))
        row = self._db.execute(f"SELECT {all_fit(new, text)} FROM {self._table}").fetchone()
        if row and row[0]:
            self.change_type(name, new, converted(new, text))
        else:
            self.change_type(name, "VARCHAR")


def column_names(properties: Iterable[str]) -> dict[str, str]:
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
