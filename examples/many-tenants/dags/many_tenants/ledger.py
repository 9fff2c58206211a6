"""The table of loads in the warehouse: what each run brought, which run failed and why, how fresh each tenant is."""

from __future__ import annotations

import contextlib
import json
import os
from typing import TYPE_CHECKING

import psycopg
from psycopg.rows import namedtuple_row

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import Any

    from many_tenants.outcome import Outcome
    from many_tenants.tenants import Load

_MAKE = """
CREATE TABLE IF NOT EXISTS tenant_loads (
    run text NOT NULL,
    tenant text NOT NULL,
    tenant_id bigint NOT NULL,
    stream_group text NOT NULL,
    attempt integer NOT NULL,
    began timestamptz NOT NULL DEFAULT clock_timestamp(),
    ended timestamptz,
    rows bigint,
    rows_by_stream jsonb,
    cpu_seconds real,
    failure text,
    PRIMARY KEY (run, tenant, stream_group, attempt)
)
"""
_BEGIN = """
INSERT INTO tenant_loads (run, tenant, tenant_id, stream_group, attempt) VALUES (%s, %s, %s, %s, %s)
ON CONFLICT (run, tenant, stream_group, attempt) DO UPDATE SET began = clock_timestamp(), ended = NULL
"""
_END = """
UPDATE tenant_loads SET ended = clock_timestamp(), rows = %s, rows_by_stream = %s, cpu_seconds = %s, failure = %s
WHERE (run, tenant, stream_group, attempt) = (%s, %s, %s, %s)
"""
# The last try of the run, and since when all that changed before is in the warehouse.
_LAST = """
SELECT began, ended, attempt, rows, cpu_seconds, failure, clock_timestamp() - (
    SELECT max(good.began) FROM tenant_loads good
    WHERE (good.tenant, good.stream_group) = (%(tenant)s, %(group)s) AND good.ended IS NOT NULL AND good.failure IS NULL
) AS age
FROM (SELECT) AS always LEFT JOIN tenant_loads ON (run, tenant, stream_group) = (%(run)s, %(tenant)s, %(group)s)
ORDER BY attempt DESC LIMIT 1
"""


@contextlib.contextmanager
def warehouse() -> Iterator[psycopg.Connection[Any]]:
    """Connect to the database that the target loads into, by the same settings."""
    names = {"host": "HOST", "port": "PORT", "user": "USER", "password": "PASSWORD", "dbname": "DATABASE"}
    known = {name: os.environ.get(f"TARGET_POSTGRES_{variable}") for name, variable in names.items()}
    with psycopg.connect(**{name: value for name, value in known.items() if value}) as connection:  # type: ignore[arg-type]
        yield connection


def make() -> None:
    """Make the table if it is not there."""
    with warehouse() as db:
        db.execute(_MAKE)


def begin(run: str, load: Load, number: int) -> None:
    """Note that a try began; if it is killed, this is all there will be of it."""
    with warehouse() as db:
        db.execute(_BEGIN, (run, load.tenant, load.tenant_id, load.group, number))


def end(run: str, load: Load, number: int, outcome: Outcome, failure: str | None) -> None:
    """Note what became of a try."""
    rows = json.dumps(outcome.rows, sort_keys=True)
    result = (outcome.rows.total(), rows, outcome.cpu_seconds, failure)
    with warehouse() as db:
        db.execute(_END, (*result, run, load.tenant, load.group, number))


def last_tries(run: str, loads: Iterable[Load]) -> Iterator[tuple[Load, Any]]:
    """Give the last try of each load of a run, all columns empty where there was none."""
    with warehouse() as db, db.cursor(row_factory=namedtuple_row) as cursor:
        for load in loads:
            asked = {"run": run, "tenant": load.tenant, "group": load.group}
            yield load, cursor.execute(_LAST, asked).fetchone()
