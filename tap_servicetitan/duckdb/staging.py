"""From records as bytes to the table ``staged``: a column of texts for each property."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from collections.abc import Container, Mapping, Sequence

    import duckdb

_LARGEST_OBJECT = 16 * 2**20
"""Bytes of a record that DuckDB's reader takes unless more is allowed."""

_ARE_TEXTS = " are texts"
"""A field of its own in records whose nested values are written as texts."""

_fields = msgspec.json.Decoder(dict[str, msgspec.Raw])
_encode = msgspec.json.Encoder().encode

_FORMS = bytes.maketrans(b"123456789.E", b"0000000000e")


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
                if is_renamed or _may_hold_a_long_number(record):
                    line, are_texts = _with_texts(record, columns, nested), True
                largest = max(largest, len(line))
                lines.write(line + b"\n")
        values = ", ".join(
            f"{_as_text(column) if are_texts and column in nested else quoted(column)}::VARCHAR AS {quoted(column)}"
            for column in columns.values()
        )
        types = {column: "JSON" if column in nested else "VARCHAR" for column in columns.values()}
        db.execute(
            f"CREATE OR REPLACE TEMP TABLE staged AS SELECT {values} FROM read_json("
            "$file, columns = $types, format = 'newline_delimited', maximum_object_size = $largest)",
            {
                "file": str(file),
                "types": types | {_ARE_TEXTS: "BOOLEAN"},
                "largest": max(_LARGEST_OBJECT, 2 * largest),
            },
        )


def _may_hold_a_long_number(record: bytes) -> bool:
    """Whether a record may hold a number that DuckDB changes.

    It reads numbers as DOUBLE and writes them again: exact up to 15 digits, and within the range of a DOUBLE.
    """
    forms = record.translate(_FORMS, b"+-")
    return b"0" * 17 in forms or b"0e000" in forms


def _with_texts(record: bytes, columns: Mapping[str, str], nested: Container[str]) -> bytes:
    """Write each value as a string, which the reader then leaves as it is; a nested one as a string of its JSON."""
    texts: dict[str, object] = {}
    for name, raw in _fields.decode(record).items():
        column, value = columns[name], bytes(raw)
        if value != b"null":
            texts[column] = raw if value.startswith(b'"') and column not in nested else value.decode()
    return _encode(texts | {_ARE_TEXTS: True})


def _as_text(column: str) -> str:
    name = quoted(column)
    return f"(CASE WHEN {quoted(_ARE_TEXTS)} THEN {name} ->> '$' ELSE {name} END)"
