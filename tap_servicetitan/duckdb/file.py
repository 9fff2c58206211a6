"""The DuckDB file: opened for one writer, changed in transactions, with the state among its tables."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

from tap_servicetitan.duckdb.errors import LoadError
from tap_servicetitan.duckdb.staging import quoted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tap_servicetitan.duckdb.settings import Settings

STATE_TABLE = "_singer_state"


@contextlib.contextmanager
def open_file(settings: Settings, *, read_only: bool = False) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open the file, and close it at the end; a file that was made for nothing is removed again.

    Raises:
        LoadError: It cannot be used, or an operation on it failed.
    """
    path = Path(settings.path)
    is_new = not path.exists()
    if path.is_dir():
        msg = f"{path} is a folder; the setting path must name a file"
        raise LoadError(msg)
    try:
        with duckdb.connect(path, read_only=read_only, config={"memory_limit": settings.memory_limit}) as db:
            # A date-time without a zone is read in the session's.
            db.execute("SET TimeZone = 'UTC'")
            db.execute("SET enable_progress_bar = false")
            yield db
    except (duckdb.Error, OSError) as error:
        raise LoadError(_describe(path, error)) from error
    finally:
        if is_new and _holds_nothing(path):
            path.unlink(missing_ok=True)


def _holds_nothing(path: Path) -> bool:
    with contextlib.suppress(duckdb.Error), duckdb.connect(path, read_only=True) as db:
        return not db.execute("FROM duckdb_tables()").fetchall()
    return False


def _describe(path: Path, error: Exception) -> str:
    text = str(error)
    first = next(iter(text.splitlines()), "")
    if "lock on file" in text:
        return f"{path} is in use by another process, and DuckDB lets only one write; wait for it or end it ({first})"
    if "not a valid DuckDB database file" in text:
        return f"{path} is not a DuckDB file; name another"
    if "version number" in text:
        return f"{path} was written by a version of DuckDB that {duckdb.__version__} cannot read; install it ({first})"
    if "Permission denied" in text or "Read-only file system" in text:
        return f"{path} cannot be written; name a file in a folder that can be written ({first})"
    if isinstance(error, duckdb.OutOfMemoryException):
        first += "; with a larger memory_limit (TARGET_SERVICETITAN_DUCKDB_MEMORY_LIMIT) it may fit"
    return f"{path} cannot be loaded into, and is as it was at the last commit: {first}"


def saved_state(settings: Settings) -> str | None:
    """Give the state in the file; none, if there is no file yet."""
    if not Path(settings.path).exists():
        return None
    with open_file(settings, read_only=True) as db:
        return read_state(db, settings.schema)


def read_state(db: duckdb.DuckDBPyConnection, schema: str) -> str | None:
    """Give the state that was committed last, as the JSON that came."""
    found = db.execute(
        "SELECT count(*) FROM duckdb_tables() WHERE database_name = current_database()"
        " AND schema_name = $schema AND table_name = $table",
        {"schema": schema, "table": STATE_TABLE},
    ).fetchone()
    if not found or not found[0]:
        return None
    row = db.execute(f"SELECT state FROM {quoted(schema)}.{STATE_TABLE}").fetchone()
    return str(row[0]) if row else None


def write_state(db: duckdb.DuckDBPyConnection, schema: str, state: str) -> None:
    """Replace the state, within the transaction that is open."""
    table = f"{quoted(schema)}.{STATE_TABLE}"
    db.execute(f"CREATE TABLE IF NOT EXISTS {table} (state VARCHAR, committed_at TIMESTAMP)")
    db.execute(f"DELETE FROM {table}")
    db.execute(f"INSERT INTO {table} VALUES ($state, now()::TIMESTAMP)", {"state": state})
