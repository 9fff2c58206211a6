"""Build a DuckDB file from what target-jsonl wrote: a typed table for each stream, with the newest version of each row.

Run it with ``python examples/demo/warehouse.py FOLDER CATALOG DUCKDB_FILE``, or copy it: it needs
nothing but ``duckdb``.

The types come from the catalog (``tap-servicetitan --discover``), never from a look at the data, so that a table is the
same whatever it holds. A column with a value that does not fit its type is kept as text, and named in the result:
neither the row nor the value is lost. Times are in UTC to the microsecond; numbers with a fraction are DOUBLE.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

# For each type: when the text of a JSON value fits, and how it is converted. DuckDB's own casts are too obliging for
# the first question: they make 2 of '1.5', true of 'yes', and a date of a time.
FITS = {
    "BIGINT": r"regexp_full_match({0}, '-?[0-9]+([.]0+)?') AND TRY_CAST({0} AS BIGINT) IS NOT NULL",
    "BOOLEAN": "{0} IN ('true', 'false')",
    "DATE": r"regexp_full_match({0}, '[0-9-]+(T[0:.]+Z?)?') AND TRY_CAST({0} AS DATE) IS NOT NULL",
    "DOUBLE": "TRY_CAST({0} AS DOUBLE) IS NOT NULL",
    "TIMESTAMP": "TRY_CAST({0} AS TIMESTAMPTZ) IS NOT NULL",
}
# A plain TIMESTAMP in UTC, as ServiceTitan's are: it reads the same in every session, and from Python without pytz.
# The way to it is by TIMESTAMPTZ, because a cast to TIMESTAMP ignores the offset.
CONVERT = {"TIMESTAMP": "TRY_CAST({0} AS TIMESTAMPTZ)::TIMESTAMP"}


@dataclasses.dataclass(frozen=True, kw_only=True)
class Table:
    """What became of a stream."""

    stream: str
    lines: int
    """Records read, all versions of a row included."""
    rows: int
    """Rows in the table."""
    kept_as_text: tuple[str, ...]
    """Columns that the catalog gives another type, with a value that this type cannot hold."""


def build(jsonl_folder: Path, catalog: Mapping[str, Any], duckdb_file: Path) -> list[Table]:
    """Make ``duckdb_file`` anew from the ``<stream>.jsonl`` files of a folder; readers see the old one or the new."""
    new = duckdb_file.with_name(duckdb_file.name + ".new")
    new.unlink(missing_ok=True)
    with duckdb.connect(new) as db:
        # A date-time without a zone is read in the session's.
        db.execute("SET TimeZone = 'UTC'")
        tables = [
            _load(db, stream, jsonl_folder / f"{stream['tap_stream_id']}.jsonl")
            for stream in sorted(catalog["streams"], key=lambda stream: str(stream["tap_stream_id"]))
            if _is_selected(stream)
        ]
    new.replace(duckdb_file)
    return tables


def _load(db: duckdb.DuckDBPyConnection, stream: Mapping[str, Any], file: Path) -> Table:
    """Make the table of one stream."""
    name = stream["tap_stream_id"]
    columns = {column: column_type(schema) for column, schema in stream["schema"]["properties"].items()}
    _stage(db, columns, file)
    odd = _columns_with_misfits(db, columns)
    columns |= dict.fromkeys(odd, "VARCHAR")
    values = ", ".join(f"{_converted(column, type_)} AS {_quoted(column)}" for column, type_ in columns.items())
    newest = _newest(stream.get("key_properties") or (), stream.get("replication_key"))
    db.execute(f"CREATE TABLE {_quoted(name)} AS SELECT {values} FROM staged {newest}")
    return Table(
        stream=name,
        lines=number(db, "SELECT count(*) FROM staged"),
        rows=number(db, f"SELECT count(*) FROM {_quoted(name)}"),
        kept_as_text=odd,
    )


def _stage(db: duckdb.DuckDBPyConnection, columns: Iterable[str], file: Path) -> None:
    """Read a file into the table ``staged``, each value as JSON, in the order of its lines."""
    # A column that no record has keeps the statement whole for a stream without properties.
    types = dict.fromkeys(columns, "JSON") or {"_": "JSON"}
    declared = ", ".join(f"{_quoted(column)} {type_}" for column, type_ in types.items())
    db.execute(f"CREATE OR REPLACE TEMP TABLE staged ({declared})")
    if file.exists() and file.stat().st_size:
        db.execute(
            "INSERT INTO staged BY NAME FROM read_json($file, columns = $types, format = 'newline_delimited')",
            {"file": str(file), "types": types},
        )


def _columns_with_misfits(db: duckdb.DuckDBPyConnection, columns: Mapping[str, str]) -> tuple[str, ...]:
    """Find the columns with a value that does not fit their type."""
    checked = [column for column, type_ in columns.items() if type_ in FITS]
    if not checked:
        return ()
    counts = ", ".join(
        f"count(*) FILTER ({_text(column)} IS NOT NULL AND NOT ({FITS[columns[column]].format(_text(column))}))"
        for column in checked
    )
    found = db.execute(f"SELECT {counts} FROM staged").fetchone() or ()
    return tuple(column for column, misfits in zip(checked, found, strict=True) if misfits)


def _newest(key: Iterable[str], replication_key: str | None) -> str:
    """Write the clause that leaves the newest version of each row: the latest by its stamp, then the last written."""
    names = [_quoted(column) for column in key]
    if not names:
        return ""
    # A record without its key is a version of no other.
    keyless = " OR ".join(f"{name} IS NULL" for name in names)
    same_row = ", ".join([*names, f"CASE WHEN {keyless} THEN rowid END"])
    order = "rowid DESC"
    if replication_key:
        stamp = _text(replication_key)
        # ServiceTitan stamps rows to 100 ns, and a TIMESTAMP ends at microseconds.
        fraction = f"rpad(regexp_extract({stamp}, '[.]([0-9]+)', 1), 9, '0')"
        order = f"TRY_CAST({stamp} AS TIMESTAMPTZ) DESC NULLS LAST, {fraction} DESC NULLS LAST, {order}"
    return f"QUALIFY row_number() OVER (PARTITION BY {same_row} ORDER BY {order}) = 1"


def column_type(schema: Mapping[str, Any]) -> str:
    """Say which type a property gets; what has no single simple type is kept as JSON."""
    declared = schema.get("type", ())
    types = {declared} if isinstance(declared, str) else set(declared)
    match sorted(types - {"null"}):
        case ["integer"]:
            return "BIGINT"
        case ["number"] | ["integer", "number"]:
            return "DOUBLE"
        case ["boolean"]:
            return "BOOLEAN"
        case ["string"]:
            return {"date-time": "TIMESTAMP", "date": "DATE"}.get(schema.get("format", ""), "VARCHAR")
    return "JSON"


def _converted(column: str, type_: str) -> str:
    if type_ == "JSON":
        return _quoted(column)
    return CONVERT.get(type_, f"CAST({{0}} AS {type_})").format(_text(column))


def _text(column: str) -> str:
    """Take a staged value as text: a string without its quotes, a JSON null as NULL."""
    return f"({_quoted(column)} ->> '$')"


def _quoted(name: str) -> str:
    """Quote a name for SQL: streams and fields may be called ``order``, ``from`` or ``end``."""
    return '"' + name.replace('"', '""') + '"'


def _is_selected(stream: Mapping[str, Any]) -> bool:
    """Tell whether the tap would load the stream."""
    no_facts: dict[str, bool] = {}
    facts = next((entry["metadata"] for entry in stream.get("metadata", ()) if not entry["breadcrumb"]), no_facts)
    return bool(facts.get("selected", facts.get("selected-by-default", True)))


def number(db: duckdb.DuckDBPyConnection, query: str) -> int:
    """Answer a query for one number."""
    row = db.execute(query).fetchone()
    return int(row[0]) if row else 0


def main() -> None:
    """Build the file named on the command line, and print what each table holds."""
    parser = argparse.ArgumentParser(description="Build a DuckDB file from the files of target-jsonl.")
    parser.add_argument("jsonl_folder", type=Path, help="the folder of <stream>.jsonl files")
    parser.add_argument("catalog", type=Path, help="what `tap-servicetitan --discover` printed")
    parser.add_argument("duckdb_file", type=Path, help="the file to make, or to make anew")
    asked = parser.parse_args()
    for table in build(asked.jsonl_folder, json.loads(asked.catalog.read_bytes()), asked.duckdb_file):
        sys.stdout.write(f"{table.stream}: {table.rows} rows of {table.lines} records\n")
        for column in table.kept_as_text:
            sys.stderr.write(f"{table.stream}.{column}: kept as text, a value is not what the catalog says\n")


if __name__ == "__main__":
    main()
