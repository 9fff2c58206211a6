"""What the tables of a warehouse hold, compared with rows of the API: all of them, each once, value by value."""

from __future__ import annotations

import json
import re
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import duckdb
import psycopg
from psycopg import sql
from psycopg.rows import dict_row

from tap_servicetitan.duckdb import contents

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

    from tests.support.postgres import Server
    from tests.support.running import Message

Tables = dict[str, "list[Message]"]
SCHEMA = "servicetitan"


def in_postgres(server: Server, schema: str = SCHEMA) -> Tables:
    """Read all tables of a PostgreSQL schema, without the columns that target-postgres adds."""
    access: dict[str, Any] = {**server, "dbname": server["database"]}
    del access["database"]
    with psycopg.connect(**access) as db, db.cursor(row_factory=dict_row) as cursor:
        listed = cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = %s", [schema]).fetchall()
        return {one["tablename"]: _table(cursor, schema, one["tablename"]) for one in listed}


def _table(cursor: psycopg.Cursor[Message], schema: str, stream: str) -> list[Message]:
    rows = cursor.execute(sql.SQL("SELECT * FROM {}").format(sql.Identifier(schema, stream))).fetchall()
    return [{name: value for name, value in row.items() if not name.startswith("_sdc_")} for row in rows]


def in_duckdb(file: Path) -> Tables:
    """Read all tables of a DuckDB file, numbers with a fraction as Decimal."""
    with duckdb.connect(file, read_only=True) as db:
        return {stream: _duckdb_table(db, stream) for stream in contents.tables(db, "main")}


def _duckdb_table(db: duckdb.DuckDBPyConnection, stream: str) -> list[Message]:
    found = db.execute(f'FROM "{stream}"')
    columns = [(column[0], str(column[1])) for column in found.description or ()]
    return [
        {name: _from_duckdb(value, type_) for (name, type_), value in zip(columns, row, strict=True)}
        for row in found.fetchall()
    ]


def _from_duckdb(value: Any, type_: str) -> Any:  # noqa: ANN401 - any value of a column
    if type_ == "JSON" and value is not None:
        return json.loads(value)
    # A DOUBLE holds 15 digits, and shows them; the amounts here have fewer.
    return Decimal(repr(value)) if isinstance(value, float) else value


def parsed(text: str) -> datetime:
    """Read a time as a target does: in UTC, and without the seventh digit of a second, which the API has."""
    moment = datetime.fromisoformat(text)
    return moment.astimezone(UTC).replace(tzinfo=None) if moment.tzinfo else moment


def copied(text: str) -> datetime:
    """Read a time as it comes by COPY: PostgreSQL drops the offset from UTC that target-postgres hands over."""
    return datetime.fromisoformat(text).replace(tzinfo=None)


def cast(text: str) -> datetime:
    """Read a time as PostgreSQL casts a text, which a target does not parse: rounded, and without the offset."""
    fraction = re.search(r"\.\d+", text)
    microseconds = round(float(fraction.group()) * 1_000_000) if fraction else 0
    return copied(text).replace(microsecond=0) + timedelta(microseconds=microseconds)


def loadable(properties: Mapping[str, Message], row: Message, moment: Callable[[str], datetime] = parsed) -> Message:
    """Write a row as a database holds it: all columns, times as times, numbers within JSON as floats."""
    assert row.keys() <= properties.keys()
    return {name: _loadable(row.get(name), facts.get("format"), moment) for name, facts in properties.items()}


def _loadable(value: Any, format_: str | None, moment: Callable[[str], datetime]) -> Any:  # noqa: ANN401 - any JSON value
    match value, format_:
        case str(), "date-time":
            return moment(value)
        case str(), "date":
            return date.fromisoformat(value[: len("2026-11-01")])
        case dict() | list(), _:
            return json.loads(json.dumps(value, default=float))
    return value


def by_key(key: Iterable[str], rows: Iterable[Message]) -> dict[tuple[Any, ...], Message]:
    """Find rows by their key, of which no two have the same."""
    listed, names = list(rows), list(key)
    found = {tuple(row[name] for name in names): row for row in listed}
    assert len(found) == len(listed), f"a key is there twice: {names}"
    return found


def assert_equal(stream: str, key: Iterable[str], found: Iterable[Message], wanted: Iterable[Message]) -> None:
    """Compare the rows of a table with those that there should be."""
    names = list(key)
    there, due = by_key(names, found), by_key(names, wanted)
    assert there.keys() == due.keys(), stream
    for one, values in due.items():
        is_there, is_due = typed(there[one]), typed(values)
        assert is_there.keys() == is_due.keys(), stream
        differing = {name: (is_there[name], is_due[name]) for name in is_due if is_there[name] != is_due[name]}
        assert not differing, f"{stream} {one}: {differing}"


def typed(row: Message) -> dict[str, tuple[str, Any]]:
    """Tell 1, true and "1" apart, but not 1 and 1.0: a column of numbers has one type for both."""
    return {
        name: ("number" if type(value) in {int, Decimal} else type(value).__name__, value)
        for name, value in row.items()
    }
