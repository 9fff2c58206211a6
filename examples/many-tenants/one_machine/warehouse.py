"""What is in the warehouse, and whether it is what the tenants have."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, NamedTuple

import psycopg
from psycopg import sql

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any

    from one_machine.tenants import Sandbox

SCHEMA = "servicetitan"

FLEETING = {"capacity_warnings", "scheduler_performance"}
"""Streams whose rows are no longer in the API while they stay where they were loaded."""


class Loaded(NamedTuple):
    """What became of the last attempt of a load."""

    attempts: int
    rows: Mapping[str, int]
    failure: str | None


class Warehouse:
    """The warehouse's database."""

    def __init__(self, db: psycopg.Connection[Any]) -> None:
        """Know the way to it."""
        self._db = db

    def counts(self) -> dict[str, dict[int, int]]:
        """Count the rows of each tenant in each table."""
        names = self._db.execute(
            "SELECT table_name FROM information_schema.tables WHERE table_schema = %s ORDER BY 1", (SCHEMA,)
        )
        return {name: self._by_tenant(name) for (name,) in names.fetchall()}

    def _by_tenant(self, table: str) -> dict[int, int]:
        query = sql.SQL("SELECT tenant_id, count(*) FROM {} GROUP BY 1").format(sql.Identifier(SCHEMA, table))
        return {int(tenant): int(rows) for tenant, rows in self._db.execute(query).fetchall()}

    def loads(self, run: str) -> dict[str, Loaded]:
        """Give what the loads of a run brought, by tenant and group."""
        query = """
            SELECT DISTINCT ON (tenant, stream_group) tenant, stream_group, attempt, rows_by_stream, failure
            FROM tenant_loads WHERE run = %s ORDER BY tenant, stream_group, attempt DESC
        """
        return {
            f"{tenant}/{group}": Loaded(attempt, rows or {}, failure)
            for tenant, group, attempt, rows, failure in self._db.execute(query, (run,))
        }

    def totals(self, run: str) -> str:
        """Say what the loads of a run took."""
        query = """
            SELECT count(*), count(failure), sum(rows), sum(cpu_seconds), avg(EXTRACT(epoch FROM ended - began)),
                max(EXTRACT(epoch FROM ended - began))
            FROM tenant_loads WHERE run = %s
        """
        ((loads, failures, rows, cpu, mean, longest),) = self._db.execute(query, (run,)).fetchall()
        return (
            f"{loads} loads, {failures} failed; {rows:,} rows; {cpu:.0f} CPU s in pipelines; "
            f"{mean:.1f} s each, {longest:.1f} s the longest"
        )


@contextlib.contextmanager
def warehouse(address: str) -> Iterator[Warehouse]:
    """Connect to the warehouse."""
    with psycopg.connect(address, autocommit=True) as db:
        yield Warehouse(db)


def differences(counted: Mapping[str, Mapping[int, int]], sandbox: Sandbox) -> dict[str, dict[str, tuple[int, int]]]:
    """Compare with what each tenant has: where they differ, its rows in the sandbox and in the warehouse."""
    found: dict[str, dict[str, tuple[int, int]]] = {}
    for name, settings in sandbox.settings.items():
        truth = sandbox.ask(name, "counts")
        for stream in counted.keys() - FLEETING:
            loaded = counted[stream].get(int(settings["tenant_id"]), 0)
            if truth[stream] != loaded and (told := rows_told(sandbox, name, stream)) != loaded:
                found.setdefault(name, {})[stream] = (told, loaded)
    return found


def rows_told(sandbox: Sandbox, tenant: str, stream: str) -> int:
    """Count the rows that a tenant tells of: a feed holds back what is younger than 15 minutes."""
    rows = sandbox.ask(tenant, f"rows/{stream}", settled=True)
    # A row of the API's is a job, and the history a row for each of its events.
    return sum(len(job["history"]) for job in rows) if stream == "job_history" else len(rows)
