"""The state that a repair changes: that of a DuckDB file, or a file of its own."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import logging
import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import simplejson

from tap_servicetitan.audit.databases import DuckDbDatabase
from tap_servicetitan.errors import FileError
from tap_servicetitan.files import read_state as read_state_file

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tap_servicetitan.audit.databases import Database


@dataclasses.dataclass(slots=True)
class StoredState:
    """A state that can be replaced."""

    value: dict[str, Any]


@contextlib.contextmanager
def changing(database: Database, path: str | None) -> Iterator[StoredState]:
    """Read the state, and write it back changed: to the file that is named, or else to the DuckDB file.

    Raises:
        FileError: There is no state, or none that can be read.
    """
    if path is not None:
        with _in_file(Path(path)) as state:
            yield state
    elif isinstance(database, DuckDbDatabase):
        with _in_duckdb(database) as state:
            yield state
    else:
        msg = "--repair needs the state of the pipeline: name its file with --state"
        raise FileError(msg)


@contextlib.contextmanager
def _in_file(path: Path) -> Iterator[StoredState]:
    state = StoredState(read_state_file(str(path), logging.getLogger(__name__).warning))
    yield state
    # In one step: a state that is cut short would be worse than none.
    with tempfile.NamedTemporaryFile("w", dir=path.parent, delete=False, encoding="utf-8") as file:
        simplejson.dump(state.value, file, use_decimal=True)
    os.replace(file.name, path)  # noqa: PTH105 - the same


@contextlib.contextmanager
def _in_duckdb(database: DuckDbDatabase) -> Iterator[StoredState]:
    from tap_servicetitan.duckdb.file import read_state, write_state  # noqa: PLC0415 - needs the extra

    schema = database.schema or "main"
    stored = read_state(database.connection, schema)
    if stored is None:
        msg = "the DuckDB file holds no state: it was not loaded with tap-servicetitan-sync; name the file with --state"
        raise FileError(msg)
    state = StoredState(json.loads(stored))
    yield state
    write_state(database.connection, schema, json.dumps(state.value))
