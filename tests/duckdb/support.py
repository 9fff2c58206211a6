"""Write messages, load them in this process or in one of its own, and query the file."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import duckdb

from tap_servicetitan.duckdb.file import open_file
from tap_servicetitan.duckdb.loader import Loader
from tap_servicetitan.duckdb.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from tap_servicetitan.duckdb.table import Counts

TYPES: Mapping[str, Mapping[str, Any]] = {
    "BIGINT": {"type": ["integer", "null"]},
    "BOOLEAN": {"type": ["boolean", "null"]},
    "DATE": {"type": ["string", "null"], "format": "date"},
    "DECIMAL(38,6)": {"type": ["number", "null"]},
    "JSON": {"type": ["array", "null"], "items": {}},
    "TIMESTAMP": {"type": ["string", "null"], "format": "date-time"},
    "VARCHAR": {"type": ["string", "null"]},
}
"""A schema for each type of column."""


def line(type_: str, **fields: object) -> bytes:
    """Write a message."""
    return json.dumps({"type": type_, **fields}).encode() + b"\n"


def schema(stream: str = "jobs", key: Iterable[str] = ("id",), **properties: Mapping[str, Any]) -> bytes:
    """Write a SCHEMA message of a stream with an id."""
    return line(
        "SCHEMA",
        stream=stream,
        schema={"type": "object", "properties": {"id": TYPES["BIGINT"], **properties}},
        key_properties=[*key],
    )


def records(*rows: Mapping[str, Any], stream: str = "jobs", **fields: object) -> bytes:
    """Write RECORD messages."""
    return b"".join(line("RECORD", stream=stream, record=row, **fields) for row in rows)


def raw_record(record: str, stream: str = "jobs") -> bytes:
    """Write a RECORD message whose record is this very text."""
    return f'{{"type": "RECORD", "stream": "{stream}", "record": {record}}}\n'.encode()


def state(value: object = 1) -> bytes:
    """Write a STATE message."""
    return line("STATE", value={"bookmarks": {"jobs": {"at": value}}})


def load(file: Path, *parts: bytes, **settings: Any) -> tuple[list[Any], dict[str, Counts]]:  # noqa: ANN401 - the settings
    """Load messages; give the states that were emitted, and what was committed."""
    emitted: list[str] = []
    chosen = Settings(path=str(file), **settings)
    with open_file(chosen) as db:
        loader = Loader(db, chosen, emitted.append)
        loader.run(b"".join(parts).splitlines(keepends=True))
    return [json.loads(one) for one in emitted], dict(loader.counts)


def query(file: Path, sql: str = "FROM jobs ORDER BY ALL") -> list[tuple[Any, ...]]:
    """Query a file."""
    with duckdb.connect(file, read_only=True) as db:
        return db.execute(sql).fetchall()


def columns(file: Path, table: str = "jobs") -> dict[str, str]:
    """Give the columns of a table with their types."""
    return {row[0]: row[1] for row in query(file, f'DESCRIBE "{table}"')}


def saved_state(file: Path) -> Any:  # noqa: ANN401 - any JSON value
    """Give the state in the file."""
    with contextlib.suppress(duckdb.CatalogException):
        return json.loads(query(file, "SELECT state FROM _singer_state")[0][0])
    return None


def command(
    *arguments: object, given: bytes = b"", environment: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run the target's command in a process of its own."""
    return subprocess.run(  # noqa: S603 - our own command
        [sys.executable, "-m", "tap_servicetitan.duckdb", *map(str, arguments)],
        input=given.decode("utf-8", "surrogateescape"),
        errors="surrogateescape",
        encoding="utf-8",
        env=os.environ | (environment or {}),
        capture_output=True,
        check=False,
        timeout=120,
    )
