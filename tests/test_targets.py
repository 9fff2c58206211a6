"""Real targets: what ends up in DuckDB and PostgreSQL is what the API has, also after changes and a crash."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import subprocess
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Protocol

import duckdb
import psycopg
import pytest
from psycopg import sql
from psycopg.rows import dict_row

from demo import warehouse
from tap_servicetitan.endpoints import BY_NAME
from tap_servicetitan.sandbox.server import Sandbox, serve
from tap_servicetitan.schema import stream_schema
from tests.postgres import Server, postgres
from tests.running import LASTING, Message, catalog_file, catalog_of, command_line, truth
from tests.targets import target_jsonl, target_postgres

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.targets

LONGEST_LOAD = 300
"""Seconds after which a load is taken for stuck."""

DAY, MINUTES = 86_400, 16 * 60
"""In seconds. The API holds back what changed in the last 15 minutes: so long nothing is to happen before a run."""


class Warehouse(Protocol):
    """A target, and the tables that come of it."""

    target: list[str]

    def tables(self) -> dict[str, list[Message]]:
        """Give the rows of all streams, numbers with a fraction as Decimal."""


@dataclasses.dataclass
class DuckDb:
    """The files of target-jsonl, and the DuckDB file that the demo makes of them."""

    folder: Path

    def __post_init__(self) -> None:
        """Set target-jsonl up."""
        self.files = self.folder / "files"
        self.files.mkdir()
        settings = self.folder / "target-jsonl.json"
        settings.write_text(json.dumps({"destination_path": str(self.files), "do_timestamp_file": False}))
        self.target = [str(target_jsonl()), "--config", str(settings)]

    def tables(self) -> dict[str, list[Message]]:
        """Build all tables and read them."""
        file = self.folder / "out.duckdb"
        built = warehouse.build(self.files, catalog_of(*LASTING), file)
        assert [table.kept_as_text for table in built if table.kept_as_text] == []
        with duckdb.connect(file, read_only=True) as db:
            return {table.stream: _read(db, table.stream) for table in built}


def _read(db: duckdb.DuckDBPyConnection, stream: str) -> list[Message]:
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


@dataclasses.dataclass
class Postgres:
    """The tables of target-postgres."""

    folder: Path
    server: Server

    def __post_init__(self) -> None:
        """Set target-postgres up to write tables often, a few rows at a time."""
        settings = self.folder / "target-postgres.json"
        settings.write_text(json.dumps({**self.server, "default_target_schema": "servicetitan", "batch_size_rows": 50}))
        self.target = [str(target_postgres()), "--config", str(settings)]

    def tables(self) -> dict[str, list[Message]]:
        """Read all tables, without the columns that the target adds."""
        access: dict[str, Any] = {**self.server, "dbname": self.server["database"]}
        del access["database"]
        with psycopg.connect(**access) as db, db.cursor(row_factory=dict_row) as cursor:
            listed = cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'servicetitan'").fetchall()
            return {one["tablename"]: _table(cursor, one["tablename"]) for one in listed}


def _table(cursor: psycopg.Cursor[Message], stream: str) -> list[Message]:
    rows = cursor.execute(sql.SQL("SELECT * FROM {}").format(sql.Identifier("servicetitan", stream))).fetchall()
    return [{name: value for name, value in row.items() if not name.startswith("_sdc_")} for row in rows]


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


@dataclasses.dataclass
class Pipeline:
    """The tap piped into a target, with the state that the target gave back."""

    sandbox: Sandbox
    warehouse: Warehouse
    folder: Path
    state: Message | None = None

    def run(self) -> None:
        """Load what changed."""
        with self._tap() as tap, self._target(tap.stdout) as target:
            assert tap.stdout
            # Else the tap would not notice if the target went away.
            tap.stdout.close()
            said, _ = target.communicate(timeout=LONGEST_LOAD)
        assert (tap.returncode, target.returncode) == (0, 0), self._log()
        self._keep(said)

    def run_and_crash(self, size: int) -> None:
        """Kill the tap when the target has had so many bytes; the last line is not complete."""
        with self._tap() as tap:
            assert tap.stdout
            begun = tap.stdout.read(size)
            tap.kill()
        assert len(begun) == size
        with self._target(subprocess.PIPE) as target:
            said, _ = target.communicate(begun.rstrip(b"}\n"), timeout=LONGEST_LOAD)
        assert target.returncode != 0
        self._keep(said)

    def _tap(self) -> contextlib.AbstractContextManager[subprocess.Popen[bytes]]:
        with (self.folder / "tap.log").open("wb") as log:
            catalog = catalog_file(self.folder, *LASTING)
            command = command_line(self.folder, self.sandbox.config, "--catalog", catalog, state=self.state)
            return _ended(subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log))  # noqa: S603 - our own command

    def _target(self, source: Any) -> contextlib.AbstractContextManager[subprocess.Popen[bytes]]:  # noqa: ANN401 - as Popen
        with (self.folder / "target.log").open("wb") as log:
            return _ended(
                subprocess.Popen(self.warehouse.target, stdin=source, stdout=subprocess.PIPE, stderr=log)  # noqa: S603 - a program of the test setup
            )

    def _keep(self, said: bytes) -> None:
        if said.strip():
            self.state = json.loads(said.splitlines()[-1])

    def _log(self) -> str:
        return (self.folder / "tap.log").read_text()[-2000:] + (self.folder / "target.log").read_text()[-2000:]


@contextlib.contextmanager
def _ended(process: subprocess.Popen[bytes]) -> Iterator[subprocess.Popen[bytes]]:
    """Let no process outlive a test that fails."""
    with process:
        try:
            yield process
        except BaseException:
            process.kill()
            raise


def loadable(stream: str, row: Message) -> Message:
    """Write a row as a database holds it: all columns, times as times, numbers within JSON as floats."""
    properties = stream_schema(BY_NAME[stream])["properties"]
    assert row.keys() <= properties.keys()
    return {name: _loadable(row.get(name), facts.get("format")) for name, facts in properties.items()}


def _loadable(value: Any, format_: str | None) -> Any:  # noqa: ANN401 - any JSON value
    match value, format_:
        case str(), "date-time":
            # The API has seven digits of a second, and both databases drop the seventh, as Python does.
            moment = datetime.fromisoformat(value)
            return moment.astimezone(UTC).replace(tzinfo=None) if moment.tzinfo else moment
        case str(), "date":
            return date.fromisoformat(value[: len("2026-11-01")])
        case dict() | list(), _:
            return json.loads(json.dumps(value, default=float))
    return value


def by_key(stream: str, rows: list[Message]) -> dict[tuple[Any, ...], Message]:
    """Find rows by their key, of which no two have the same."""
    found = {tuple(row[name] for name in BY_NAME[stream].key): row for row in rows}
    assert len(found) == len(rows), f"{stream}: a key is there twice"
    return found


def assert_the_truth(sandbox: Sandbox, tables: dict[str, list[Message]]) -> None:
    """Compare all values of all rows of all tables with those of the sandbox."""
    assert tables.keys() == {*LASTING}
    for stream, rows in tables.items():
        if BY_NAME[stream].kind == "export":
            assert len(sandbox.rows(stream, settled=True)) == len(sandbox.rows(stream)), "the API holds rows back"
        wanted = by_key(stream, [loadable(stream, one) for one in truth(sandbox, stream)])
        found = by_key(stream, rows)
        assert found.keys() == wanted.keys(), stream
        for key, values in wanted.items():
            for name in BY_NAME[stream].secret:
                # Deselected: a target that takes its columns from the SCHEMA message has none for it.
                assert found[key].pop(name, None) is values.pop(name)
            assert typed(found[key]) == typed(values), f"{stream} {key}"


def typed(row: Message) -> dict[str, tuple[str, Any]]:
    """Tell 1, true and "1" apart, but not 1 and 1.0: a column of numbers has one type for both."""
    return {
        name: ("number" if type(value) in {int, Decimal} else type(value).__name__, value)
        for name, value in row.items()
    }


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
    pipeline = Pipeline(sandbox, request.getfixturevalue(kind), tmp_path)
    pipeline.run()
    assert_the_truth(sandbox, pipeline.warehouse.tables())

    deactivated = change(sandbox)
    pipeline.run()
    tables = pipeline.warehouse.tables()
    assert_the_truth(sandbox, tables)
    for stream, keys in deactivated.items():
        assert len(keys) == 2
        inactive = {row["id"] for row in tables[stream] if row["active"] is False}
        assert inactive >= {key["id"] for key in keys}

    change(sandbox)
    pipeline.run_and_crash(200_000)
    pipeline.run()
    assert_the_truth(sandbox, pipeline.warehouse.tables())


@pytest.mark.parametrize("kind", ["duckdb_file", "postgres_server"])
def test_a_first_load_may_crash(request: pytest.FixtureRequest, sandbox: Sandbox, tmp_path: Path, kind: str) -> None:
    """A first load that was killed in the middle is finished by the next run."""
    pipeline = Pipeline(sandbox, request.getfixturevalue(kind), tmp_path)
    pipeline.run_and_crash(1_500_000)
    pipeline.run()
    assert_the_truth(sandbox, pipeline.warehouse.tables())
