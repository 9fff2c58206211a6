"""Connections to a warehouse: a DuckDB file, or any database that SQLAlchemy reaches."""

from __future__ import annotations

import abc
import contextlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from typing_extensions import override

from tap_servicetitan.errors import FileError

if TYPE_CHECKING:
    from collections.abc import Iterator

# DuckDB speaks PostgreSQL's SQL; its parameters are named $like_this.
_DUCKDB_SQL = postgresql.dialect(paramstyle="named")  # type: ignore[no-untyped-call]  # SQLAlchemy's


class Database(abc.ABC):
    """A connection within a transaction."""

    schema: str | None
    """Where the tables are; None: where the database looks by itself."""

    @abc.abstractmethod
    def columns(self, table: str) -> dict[str, str]:
        """Give the columns of a table, with the names of their types; none if there is no such table."""

    def add_column(self, table: str, name: str) -> bool:  # noqa: ARG002 - for those that can
        """Add a column for times, and return whether that was done: most tables are those of a target alone."""
        return False

    @abc.abstractmethod
    def execute(self, statement: sa.Executable) -> list[tuple[Any, ...]]:
        """Run a statement, and give its rows."""


class SqlAlchemyDatabase(Database):
    """A database behind a SQLAlchemy URL."""

    def __init__(self, connection: sa.Connection, schema: str | None) -> None:
        """Take a connection that is open."""
        self._connection = connection
        self.schema = schema

    @override
    def columns(self, table: str) -> dict[str, str]:
        inspector = sa.inspect(self._connection)
        if not inspector.has_table(table, schema=self.schema):
            return {}
        dialect = self._connection.dialect
        found = inspector.get_columns(table, schema=self.schema)
        return {one["name"]: one["type"].compile(dialect=dialect) for one in found}

    @override
    def execute(self, statement: sa.Executable) -> list[tuple[Any, ...]]:
        result = self._connection.execute(statement)
        return [tuple(row) for row in result] if result.returns_rows else []


class DuckDbDatabase(Database):
    """A DuckDB file."""

    def __init__(self, connection: Any, schema: str) -> None:  # noqa: ANN401 - the extra may not be installed
        """Take a connection that is open."""
        self.connection = connection
        self.schema = schema

    @override
    def columns(self, table: str) -> dict[str, str]:
        found = self.connection.execute(
            "SELECT column_name, data_type FROM duckdb_columns() WHERE database_name = current_database() "
            "AND schema_name = $schema AND lower(table_name) = lower($table)",
            {"schema": self.schema, "table": table},
        )
        return dict(found.fetchall())

    @override
    def add_column(self, table: str, name: str) -> bool:
        quote = _DUCKDB_SQL.identifier_preparer.quote_identifier
        self.connection.execute(
            f"ALTER TABLE {quote(self.schema or 'main')}.{quote(table)} ADD COLUMN {quote(name)} TIMESTAMP"
        )
        return True

    @override
    def execute(self, statement: sa.Executable) -> list[tuple[Any, ...]]:
        compiled = statement.compile(dialect=_DUCKDB_SQL)  # type: ignore[attr-defined]  # all of ours have it
        sql = str(compiled)
        for name in sorted(compiled.params, key=len, reverse=True):
            sql = sql.replace(f":{name}", f"${name}")
        return list(self.connection.execute(sql, compiled.params).fetchall())


@contextlib.contextmanager
def open_database(where: str, schema: str | None, *, writes: bool) -> Iterator[Database]:
    """Connect to a DuckDB file, or to what a SQLAlchemy URL names; commit at the end.

    Raises:
        FileError: It cannot be reached.
    """
    opened = _sqlalchemy(where, schema) if "://" in where else _duckdb(where, schema or "main", read_only=not writes)
    with opened as database:
        yield database


@contextlib.contextmanager
def _sqlalchemy(url: str, schema: str | None) -> Iterator[Database]:
    try:
        with sa.create_engine(url, poolclass=sa.NullPool).begin() as connection:
            yield SqlAlchemyDatabase(connection, schema)
    except (sa.exc.SQLAlchemyError, ModuleNotFoundError) as error:
        # Not its message, which may have the URL with the password, or rows.
        msg = f"the warehouse cannot be queried ({type(error).__name__}); check its URL, its driver and its rights"
        raise FileError(msg) from None


@contextlib.contextmanager
def _duckdb(path: str, schema: str, *, read_only: bool) -> Iterator[Database]:
    try:
        from tap_servicetitan.duckdb.errors import LoadError  # noqa: PLC0415 - needs the extra
        from tap_servicetitan.duckdb.file import open_file  # noqa: PLC0415 - as above
        from tap_servicetitan.duckdb.settings import Settings  # noqa: PLC0415 - as above
    except ModuleNotFoundError:
        msg = "DuckDB is not installed; install tap-servicetitan[duckdb]"
        raise FileError(msg) from None
    if not Path(path).exists():
        msg = f"{path} does not exist; name a DuckDB file, or a URL such as postgresql+psycopg2://user@host/database"
        raise FileError(msg)
    try:
        with open_file(Settings(path=path, schema=schema), read_only=read_only) as connection:
            connection.begin()
            yield DuckDbDatabase(connection, schema)
            connection.commit()
    except LoadError as error:
        raise FileError(str(error)) from None
