"""Load all tenants of the list, each in a task of its own: Airflow says when and where, Meltano runs the pipeline."""

from __future__ import annotations

import dataclasses
import datetime as dt
import os
from pathlib import Path
from typing import Any

from airflow.sdk import DAG, Connection, TriggerRule, dag, get_current_context, task
from airflow.sdk.exceptions import AirflowException
from airflow.sdk.log import mask_secret

from many_tenants import ledger, report, tables
from many_tenants import load as loading
from many_tenants import tenants as listed
from many_tenants.outcome import Outcome

LIST = Path(os.environ.get("SERVICETITAN_TENANTS", Path(__file__).parent.parent / "tenants.yaml"))
POOL = "servicetitan"
"""The pool that bounds how many tenants are loaded at once, in all DAGs together."""
RETRY_SECONDS = int(os.environ.get("SERVICETITAN_RETRY_SECONDS", "360"))
"""Longer than the five minutes for which Meltano takes a run that was killed for one that is still on."""
LONGEST = dt.timedelta(hours=6)
"""A first run reads the whole history; what is cut off goes on there when it is tried again."""


def pipeline(dag_id: str, schedule: str | None, groups: tuple[str, ...]) -> DAG:
    """Make the DAG that loads some groups of streams of all tenants that have them."""

    @dag(
        dag_id=dag_id,
        schedule=schedule,
        start_date=dt.datetime(2026, 1, 1, tzinfo=dt.UTC),
        # A run brings all that changed since the last one, whenever that was: there is nothing to catch up.
        catchup=False,
        # A tenant that takes longer than the time between two runs holds up nobody: the next run begins, and Meltano
        # refuses this tenant there as long as its load is on.
        max_active_runs=2,
        tags=["servicetitan"],
    )
    def load_all() -> None:
        chosen = tenants(groups)
        loaded = load.expand(line=chosen)
        make_tables() >> loaded
        report_on(chosen) << loaded

    made: DAG = load_all()
    return made


@task
def tenants(groups: tuple[str, ...]) -> list[dict[str, Any]]:
    """Read the list, so that a new line counts from the next run on."""
    return [dataclasses.asdict(one) for one in listed.read(LIST, groups)]


@task(retries=2, retry_delay=dt.timedelta(seconds=30))
def make_tables() -> None:
    """Make the tables that are not there yet."""
    ledger.make()
    tables.make()


@task(
    pool=POOL,
    retries=2,
    retry_delay=dt.timedelta(seconds=RETRY_SECONDS),
    execution_timeout=LONGEST,
    map_index_template="{{ name }}",
)
def load(line: dict[str, Any]) -> int:
    """Load one tenant, and note what came of it; give the rows."""
    one = listed.Load(**line)
    context = get_current_context()
    context["name"] = one.name  # type: ignore[typeddict-unknown-key]
    run, attempt = str(context["run_id"]), context["ti"].try_number
    ledger.begin(run, one, attempt)
    outcome = Outcome()
    failure: str | None = "it was told to end, or took too long"
    try:
        loading.run(one, credentials(one.tenant), outcome)
        failure = None
    except Exception as error:
        failure = str(error)
        raise
    finally:
        ledger.end(run, one, attempt, outcome, failure)
    return outcome.rows.total()


@task(trigger_rule=TriggerRule.ALL_DONE)
def report_on(lines: list[dict[str, Any]] | None) -> None:
    """Tell of each tenant, and fail if one did, so that the run is not taken for a good one."""
    if lines is None:
        msg = "the list of tenants could not be read; the log of the task tenants says why"
        raise AirflowException(msg)
    told = report.lines(str(get_current_context()["run_id"]), [listed.Load(**line) for line in lines])
    print(report.table(told))  # noqa: T201 - into the task's log
    if report.failed(told):
        raise AirflowException(report.summary(told))


def credentials(tenant: str) -> dict[str, str]:
    """Look up a tenant's credentials, wherever Airflow keeps connections: a secret store, the environment, itself."""
    known = Connection.get(f"servicetitan_{tenant}")
    app_key = known.extra_dejson.get("st_app_key", "")
    # Airflow masks passwords in logs by itself.
    mask_secret(app_key)
    return {"client_id": known.login or "", "client_secret": known.password or "", "st_app_key": app_key}


# Empty, they are not scheduled, and only run when they are triggered.
pipeline("servicetitan", os.environ.get("SERVICETITAN_SCHEDULE", "@hourly") or None, (listed.ALL, "fast"))
pipeline("servicetitan_slow", os.environ.get("SERVICETITAN_SLOW_SCHEDULE", "@daily") or None, ("slow",))
