"""What the file holds: the streams' tables, how many rows they have, and copies of them as Parquet files."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tap_servicetitan.duckdb.errors import LoadError
from tap_servicetitan.duckdb.file import STATE_TABLE
from tap_servicetitan.duckdb.staging import quoted

if TYPE_CHECKING:
    from pathlib import Path

    import duckdb


def tables(db: duckdb.DuckDBPyConnection, schema: str) -> list[str]:
    """List the tables, without the one that holds the state."""
    found = db.execute(
        "SELECT table_name FROM duckdb_tables() WHERE database_name = current_database()"
        " AND schema_name = $schema AND table_name <> $state ORDER BY table_name",
        {"schema": schema, "state": STATE_TABLE},
    )
    return [name for (name,) in found.fetchall()]


def count_rows(db: duckdb.DuckDBPyConnection, schema: str, table: str) -> int:
    """Count the rows of a table."""
    row = db.execute(f"SELECT count(*) FROM {quoted(schema)}.{quoted(table)}").fetchone()
    return int(row[0]) if row else 0


def newest(db: duckdb.DuckDBPyConnection, schema: str, table: str, column: str) -> str | None:
    """Give the largest value of a column as text, a time to the second; None if there is none."""
    table_and_column = {"schema": schema, "table": table, "column": column}
    if not db.execute(
        "FROM duckdb_columns() WHERE database_name = current_database()"
        " AND schema_name = $schema AND table_name = $table AND column_name = $column",
        table_and_column,
    ).fetchall():
        return None
    value = f"max({quoted(column)})::VARCHAR"
    row = db.execute(f"SELECT {value} FROM {quoted(schema)}.{quoted(table)}").fetchone()
    return str(row[0]).replace("T", " ").removesuffix("Z").split(".")[0] if row and row[0] is not None else None


def export_parquet(db: duckdb.DuckDBPyConnection, schema: str, folder: Path) -> None:
    """Write each table to a Parquet file; one that is there already is replaced as a whole.

    Raises:
        LoadError: The folder cannot be made, or a name cannot be that of a file.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        msg = f"nothing was exported: {error}"
        raise LoadError(msg) from None
    for table in tables(db, schema):
        file = folder / f"{table}.parquet"
        if file.parent != folder:
            msg = f"the table {table} cannot be exported: its name cannot be that of a file"
            raise LoadError(msg)
        new = file.with_name(f".{file.name}.new")
        try:
            db.execute(f"COPY {quoted(schema)}.{quoted(table)} TO $file (FORMAT parquet)", {"file": str(new)})
            new.replace(file)
        finally:
            new.unlink(missing_ok=True)
