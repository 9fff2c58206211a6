"""Real targets: what ends up in DuckDB and PostgreSQL is what the API has, also after changes and a crash."""

from __future__ import annotations

import dataclasses
import json
import sys
from typing import TYPE_CHECKING, Protocol

import duckdb
import pytest

from tap_servicetitan.catalog.endpoints import BY_NAME
from tap_servicetitan.catalog.schema import stream_schema
from tap_servicetitan.sandbox.server import Sandbox, serve
from tests.support.pipeline import Pipeline, size
from tests.support.postgres import Server, postgres
from tests.support.running import LASTING, Message, catalog_of, truth
from tests.support.tables import SCHEMA, Tables, assert_equal, in_duckdb, in_postgres, loadable
from tests.support.targets import target_postgres

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

pytestmark = pytest.mark.targets

DAY, MINUTES = 86_400, 16 * 60
"""In seconds. The API holds back what changed in the last 15 minutes: so long nothing is to happen before a run."""


class Warehouse(Protocol):
    """A target, and the tables that come of it."""

    target: list[str]

    def tables(self) -> Tables:
        """Give the rows of all streams, numbers with a fraction as Decimal."""


@dataclasses.dataclass
class DuckDb:
    """The DuckDB file of the project's own target."""

    folder: Path

    def __post_init__(self) -> None:
        """Set the target up."""
        self.file = self.folder / "out.duckdb"
        self.target = [sys.executable, "-m", "tap_servicetitan.duckdb", "--path", str(self.file)]

    def tables(self) -> Tables:
        """Read all tables."""
        with duckdb.connect(self.file, read_only=True) as db:
            odd = "SELECT table_name, column_name FROM duckdb_columns() WHERE comment IS NOT NULL"
            texts = "AND data_type = 'VARCHAR'"
            assert db.execute(f"{odd} {texts}").fetchall() == []
        return in_duckdb(self.file)


@dataclasses.dataclass
class Postgres:
    """The tables of target-postgres."""

    folder: Path
    server: Server

    def __post_init__(self) -> None:
        """Set target-postgres up to write tables often, a few rows at a time."""
        settings = self.folder / "target-postgres.json"
        settings.write_text(json.dumps({**self.server, "default_target_schema": SCHEMA, "batch_size_rows": 50}))
        self.target = [str(target_postgres()), "--config", str(settings)]

    def tables(self) -> Tables:
        """Read all tables, without the columns that the target adds."""
        return in_postgres(self.server)


@pytest.fixture
def duckdb_file(tmp_path: Path) -> Warehouse:
    """Begin with no files."""
    return DuckDb(tmp_path)


@pytest.fixture
def postgres_server(tmp_path: Path) -> Iterator[Warehouse]:
    """Begin with an empty server."""
    with postgres() as server:
        yield Postgres(tmp_path, server)


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    """Run a tenant whose feeds have many pages, so that the streams of the output take turns."""
    with serve(seed=1, scale=0.02, page_size=20) as running:
        running.config["requests_per_second"] = 10_000
        yield running


def assert_the_truth(sandbox: Sandbox, tables: Tables) -> None:
    """Compare all values of all rows of all tables with those of the sandbox."""
    assert tables.keys() == {*LASTING}
    for stream, rows in tables.items():
        if BY_NAME[stream].kind == "export":
            assert len(sandbox.rows(stream, settled=True)) == len(sandbox.rows(stream)), "the API holds rows back"
        properties, secret = stream_schema(BY_NAME[stream])["properties"], BY_NAME[stream].secret
        wanted = [loadable(properties, one) for one in truth(sandbox, stream)]
        # Deselected: a target that takes its columns from the SCHEMA message has none for it.
        assert {one.get(name) for one in [*rows, *wanted] for name in secret} <= {None}
        assert_equal(stream, BY_NAME[stream].key, without(secret, rows), without(secret, wanted))


def without(names: Iterable[str], rows: Iterable[Message]) -> list[Message]:
    """Give rows without some columns."""
    return [{name: value for name, value in row.items() if name not in names} for row in rows]


def change(sandbox: Sandbox) -> dict[str, list[Message]]:
    """Let some days pass, alter rows of all feeds and lists and make new ones, and deactivate some; give their keys.

    So many days pass that the children of all parents are read again.
    """
    sandbox.advance(8 * DAY - MINUTES)
    for stream in LASTING:
        row = BY_NAME[stream]
        if row.kind in {"export", "list"} and "tenantId" not in row.key:
            sandbox.touch(stream, 2, create=1)
    deactivated = {}
    for stream in ("customers", "jobs", "technicians", "appointment_assignments"):
        active = [{"id": row["id"]} for row in sandbox.rows(stream) if row["active"]]
        deactivated[stream] = list(sandbox.touch(stream, keys=active[:2], values={"active": False})["keys"])
    sandbox.advance(MINUTES)
    return deactivated


@pytest.mark.parametrize("kind", ["duckdb_file", "postgres_server"])
def test_tables_hold_the_truth(request: pytest.FixtureRequest, sandbox: Sandbox, tmp_path: Path, kind: str) -> None:
    """Whatever happened before, after a run each table has the rows of the API, each once, with all their values."""
    filled: Warehouse = request.getfixturevalue(kind)
    pipeline = Pipeline(sandbox.config, catalog_of(*LASTING), filled.target, tmp_path)
    pipeline.run()
    assert_the_truth(sandbox, filled.tables())

    deactivated = change(sandbox)
    pipeline.run()
    tables = filled.tables()
    assert_the_truth(sandbox, tables)
    for stream, keys in deactivated.items():
        assert len(keys) == 2
        inactive = {row["id"] for row in tables[stream] if row["active"] is False}
        assert inactive >= {key["id"] for key in keys}

    change(sandbox)
    pipeline.run_and_crash(size(200_000))
    pipeline.run()
    assert_the_truth(sandbox, filled.tables())


@pytest.mark.parametrize("kind", ["duckdb_file", "postgres_server"])
def test_a_first_load_may_crash(request: pytest.FixtureRequest, sandbox: Sandbox, tmp_path: Path, kind: str) -> None:
    """A first load that was killed in the middle is finished by the next run."""
    filled: Warehouse = request.getfixturevalue(kind)
    pipeline = Pipeline(sandbox.config, catalog_of(*LASTING), filled.target, tmp_path)
    pipeline.run_and_crash(size(1_500_000))
    pipeline.run()
    assert_the_truth(sandbox, filled.tables())
