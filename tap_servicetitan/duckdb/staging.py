"""From records as bytes to the table ``staged``: a column of texts for each property."""

from __future__ import annotations

import re
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from collections.abc import Container, Mapping, Sequence

    import duckdb

_LARGEST_OBJECT = 16 * 2**20
"""Bytes of a record that DuckDB's reader takes unless more is allowed."""

# DuckDB reads numbers as DOUBLE and writes them again: exact up to 15 digits, and within the range of a DOUBLE.
_LONG_NUMBER = re.compile(rb"[:,\[][ \t]*-?[0-9.]{17,}|[0-9][eE][-+]?[0-9]{3}")

_ARE_TEXTS = " are texts"
"""A field of its own in records whose values are written as texts."""

_fields = msgspec.json.Decoder(dict[str, msgspec.Raw])
_encode = msgspec.json.Encoder().encode


def quoted(name: str) -> str:
    """Quote a name for SQL."""
    return '"' + name.replace('"', '""') + '"'


def stage(
    db: duckdb.DuckDBPyConnection, records: Sequence[bytes], columns: Mapping[str, str], nested: Container[str]
) -> None:
    """Fill the table ``staged`` in the order of the records.

    A value is a text: a string without its quotes, anything else as its JSON, a JSON null as NULL.

    Args:
        db: The connection.
        records: The records, each a JSON object.
        columns: The column of each property.
        nested: The columns whose strings are JSON as well, with their quotes.
    """
    is_renamed = any(name != column for name, column in columns.items())
    with tempfile.TemporaryDirectory(prefix="target-servicetitan-duckdb-") as folder:
        file = Path(folder, "records.jsonl")
        largest, are_texts = 0, False
        with file.open("wb") as lines:
            for record in records:
                line = record
                if is_renamed or _LONG_NUMBER.search(record):
                    line, are_texts = _with_texts(record, columns), True
                largest = max(largest, len(line))
                lines.write(line + b"\n")
        values = ", ".join(
            _value(column, are_texts=are_texts, is_nested=column in nested) for column in columns.values()
        )
        db.execute(
            f"CREATE OR REPLACE TEMP TABLE staged AS SELECT {values} FROM read_json("
            "$file, columns = $types, format = 'newline_delimited', maximum_object_size = $largest)",
            {
                "file": str(file),
                "types": dict.fromkeys([*columns.values(), _ARE_TEXTS], "JSON"),
                "largest": max(_LARGEST_OBJECT, 2 * largest),
            },
        )


def _with_texts(record: bytes, columns: Mapping[str, str]) -> bytes:
    """Write each value as a string that holds its JSON, which the reader then leaves as it is."""
    texts = {columns[name]: bytes(raw).decode() for name, raw in _fields.decode(record).items() if name in columns}
    return _encode({column: text for column, text in texts.items() if text != "null"} | {_ARE_TEXTS: True})


def _value(column: str, *, are_texts: bool, is_nested: bool) -> str:
    name = quoted(column)
    text = f"{name}::VARCHAR"
    if are_texts:
        text = f"(CASE WHEN {quoted(_ARE_TEXTS)} IS NULL THEN {text} ELSE {name} ->> '$' END)"
    # Only where it is needed is a value parsed again.
    value = text if is_nested else f"CASE WHEN starts_with({text}, '\"') THEN {text} ->> '$' ELSE {text} END"
    return f"{value} AS {name}"
