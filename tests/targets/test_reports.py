"""Reports in real targets: what ends up in DuckDB and PostgreSQL, also after further runs and a kill."""

from __future__ import annotations

import json
import subprocess
import sys
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import duckdb
import psycopg
import pytest
from psycopg import sql
from psycopg.rows import dict_row

from tap_servicetitan.sandbox.reporting import definitions
from tests.support.postgres import Server, postgres
from tests.support.reporting import SPAN, TECHNICIANS, catalog, config, entry, jobs
from tests.support.running import Message, command_line
from tests.support.targets import target_postgres

if TYPE_CHECKING:
    from pathlib import Path

    from tap_servicetitan.sandbox.server import Sandbox

pytestmark = pytest.mark.targets

DAY = 86_400.0
LONGEST_LOAD = 120
STREAMS = ("job_report", "scorecard", "invoice_export")


def settings(sandbox: Sandbox) -> Message:
    """Read a row-level report, a snapshot, and one whose types lie, which is read by windows too."""
    window = SPAN | {"days": 60, "start": "2026-03-01", "look_back_days": 30}
    # An invoice's date moves when its job is done: a key of its own lets it leave the window that it was in.
    key = {"key_properties": ["Invoice #"]}
    lying = entry(definitions.INVOICES, stream_name="invoice_export", window=window, **key)
    return config(sandbox, jobs(look_back_days=30), TECHNICIANS | {"key_properties": ["Technician ID"]}, lying)


def load(folder: Path, sandbox: Sandbox, target: list[str], state: Message | None, most: int | None = None) -> Message:
    """Run the tap into a target; with `most`, kill it when the target has had so many lines. Gives the state."""
    chosen = folder / "catalog.json"
    chosen.write_text(json.dumps(catalog(settings(sandbox), *STREAMS)))
    command = command_line(folder, settings(sandbox), "--catalog", str(chosen), state=state)
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as tap:  # noqa: S603 - our own command
        assert tap.stdout
        lines = [line for _, line in zip(range(most or 1_000_000), tap.stdout, strict=False)]
        if most:
            tap.kill()
    done = subprocess.run(target, input=b"".join(lines), capture_output=True, check=False, timeout=LONGEST_LOAD)  # noqa: S603 - a program of the test setup
    assert done.returncode == 0, done.stderr.decode()[-2_000:]
    said = [json.loads(line) for line in done.stdout.splitlines()]
    return dict(said[-1]) if said else dict(state or {})


def in_duckdb(file: Path) -> dict[str, list[Message]]:
    """Read the tables of the project's own target."""
    with duckdb.connect(file, read_only=True) as db:
        return {one: _rows(db, one) for one in STREAMS}


def _rows(db: duckdb.DuckDBPyConnection, stream: str) -> list[Message]:
    found = db.execute(f'FROM "{stream}"')
    names = [column[0] for column in found.description or ()]
    return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


def in_postgres(server: Server) -> dict[str, list[Message]]:
    """Read the tables of target-postgres."""
    access: dict[str, Any] = {**server, "dbname": server["database"]}
    del access["database"]
    with psycopg.connect(**access, row_factory=dict_row) as db:
        query = sql.SQL("SELECT * FROM {}")
        return {one: db.execute(query.format(sql.Identifier("servicetitan", one))).fetchall() for one in STREAMS}


def assert_the_truth(sandbox: Sandbox, tables: dict[str, list[Message]]) -> None:
    """Compare tables with the sandbox's own rows: all are there, each once, with their values."""
    done = {row["id"]: row for row in sandbox.rows("jobs") if row["completedOn"]}
    assert sorted(int(row["job_id"]) for row in tables["job_report"]) == sorted(done)
    for row in tables["job_report"]:
        wanted = done[int(row["job_id"])]["total"]
        assert (
            row["total"] is None
            if wanted is None
            else abs(Decimal(row["total"]) - Decimal(str(wanted))) < Decimal("1e-9")
        )
    assert sorted(row["technician_id"] for row in tables["scorecard"]) == [
        row["id"] for row in sandbox.rows("technicians")
    ]
    invoices = {f"INV-{row['id']}": row for row in sandbox.rows("invoices") if row["invoiceDate"]}
    assert sorted(row["invoice_number"] for row in tables["invoice_export"]) == sorted(invoices)
    for row in tables["invoice_export"]:
        invoice = invoices[row["invoice_number"]]
        misfits = json.loads(row["_misfits"] or "null")
        assert row["total_2"] == f"${invoice['total']}"
        assert row["paid"] is (True if invoice["balance"] == "0.00" else None)
        assert row["rating"] is not None or misfits == {"rating": "n/a"}


@pytest.mark.parametrize("kind", ["duckdb", "postgres"])
def test_reports_load_and_stay_right(sandbox: Sandbox, tmp_path: Path, kind: str) -> None:
    """After a first load, a killed one and two more, each table has each row of the report once."""
    if kind == "duckdb":
        said: Message = {"path": str(tmp_path / "out.duckdb")}
        target = [sys.executable, "-m", "tap_servicetitan.duckdb"]
        assert_pipeline(sandbox, tmp_path, target, said, lambda: in_duckdb(tmp_path / "out.duckdb"))
        return
    with postgres() as server:
        said = {**server, "default_target_schema": "servicetitan", "batch_size_rows": 50}
        assert_pipeline(sandbox, tmp_path, [str(target_postgres())], said, lambda: in_postgres(server))


def assert_pipeline(sandbox: Sandbox, folder: Path, target: list[str], said: Message, tables: Any) -> None:  # noqa: ANN401 - a reader of tables
    """Load four times, one of them killed in the middle, and look at the tables."""
    (folder / "target.json").write_text(json.dumps(said))
    command = [*target, "--config", str(folder / "target.json")]
    state = load(folder, sandbox, command, None, most=90)
    state = load(folder, sandbox, command, state)
    assert_the_truth(sandbox, tables())
    state = load(folder, sandbox, command, state)
    assert_the_truth(sandbox, tables())
    sandbox.advance(9 * DAY)
    state = load(folder, sandbox, command, state)
    assert_the_truth(sandbox, tables())
    bookmark = state["bookmarks"]["job_report"]
    assert bookmark["read_to"] == "2026-11-09"
