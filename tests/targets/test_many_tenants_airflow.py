"""The example of many tenants as a whole: its DAG, run by Airflow, loads the sandbox's tenants into PostgreSQL."""

from __future__ import annotations

import contextlib
import json
import os
import signal
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from one_machine import engine, run
from one_machine.options import Options
from one_machine.run import Example, example
from one_machine.services import await_that
from one_machine.warehouse import differences
from tap_servicetitan.catalog.endpoints import BY_NAME

if TYPE_CHECKING:
    from one_machine.warehouse import Loaded

pytestmark = [pytest.mark.airflow, pytest.mark.checkout, pytest.mark.long, pytest.mark.targets]

HASTE = {"SERVICETITAN_RETRY_SECONDS": "5"}
"""Without the minutes in which Meltano's lock is waited for."""
BEFORE = "2026-11-01T11:45:00Z"
"""Up to here the first run reads export feeds: the sandbox's clock, less 15 minutes."""
FEEDS = [
    name
    for name, row in BY_NAME.items()
    if row.kind == "export" and row.replication_key == "modifiedOn" and not row.nested_records
]


def loaded(running: Example, name: str, dag: str = engine.DAG_IDS[0]) -> tuple[str, dict[str, Loaded]]:
    """Run a DAG once; give how it ended, and what each load brought."""
    running.airflow.trigger(name, dag)
    return running.airflow.await_end(name, run.LONGEST_RUN, dag), running.warehouse.loads(name)


def changed(running: Example, tenant: str, stream: str) -> int:
    """Count what a feed of a tenant tells of that changed since the first run."""
    rows = running.sandbox.ask(tenant, f"rows/{stream}", settled=True)
    return sum((row["modifiedOn"] or row["createdOn"]) > BEFORE for row in rows)


def a_day_passes(running: Example) -> None:
    """Let all tenants work for a day."""
    for tenant in running.sandbox.settings:
        running.sandbox.order(tenant, "clock", advance=run.A_DAY)


def is_asked(running: Example, tenant: str, stream: str) -> bool:
    """Tell whether a stream has been asked for since the requests were forgotten."""
    return any(one["stream"] == stream for one in running.sandbox.ask(tenant, "requests"))


def below(process: int) -> set[int]:
    """Find a process and all that it started."""
    parents = {int(one.parent.name): parent_of(one) for one in Path("/proc").glob("[0-9]*/stat")}
    found = {process}
    while more := {child for child, parent in parents.items() if parent in found} - found:
        found |= more
    return found


def works_for(process: int, tenant_id: str) -> bool:
    """Tell whether a process, or one below it, is the pipeline of a tenant."""
    told = f"TAP_SERVICETITAN_TENANT_ID={tenant_id}".encode()
    return any(told in Path(f"/proc/{one}/environ").read_bytes().split(b"\0") for one in below(process))


def parent_of(stat: Path) -> int:
    """Give the parent of a process; 0 if it has ended meanwhile."""
    try:
        return int(stat.read_text().rpartition(")")[2].split()[1])
    except OSError:
        return 0


def test_twenty_tenants_are_loaded_and_one_fails_alone(tmp_path: Path) -> None:
    """Every tenant is loaded whole, whatever becomes of another; the next run brings what changed."""
    wrong, split = "tenant007", "tenant003"
    spoilt = json.dumps({"conn_type": "generic", "login": "nobody", "password": "wrong", "extra": {"st_app_key": "no"}})
    options = Options(
        groups={split: ("fast", "slow")},
        settings=HASTE | {f"AIRFLOW_CONN_SERVICETITAN_{wrong.upper()}": spoilt},
    )
    with example(options, tmp_path) as running:
        state, loads = loaded(running, "first")
        assert len(loads) == 20
        assert {name for name, one in loads.items() if one.failure} == {f"{wrong}/all"}
        assert "invalid_client" in str(loads[f"{wrong}/all"].failure)
        assert loads[f"{wrong}/all"].attempts == 3
        assert {one.attempts for name, one in loads.items() if not name.startswith(wrong)} == {1}
        # The run is not taken for a good one, and its last task names the tenant.
        assert state == "failed"
        told = running.airflow.log("first", "report_on")
        assert f"1 of 20 failed: {wrong}" in told
        assert differences(running.warehouse.counts(), running.sandbox).keys() == {wrong, split}

        state, loads = loaded(running, "slow", "servicetitan_slow")
        assert (state, list(loads)) == ("success", [f"{split}/slow"])
        assert differences(running.warehouse.counts(), running.sandbox).keys() == {wrong}

        a_day_passes(running)
        _, loads = loaded(running, "second")
        for name, one in loads.items():
            tenant, _, group = name.partition("/")
            if tenant != wrong:
                streams = [stream for stream in FEEDS if group == "all" or stream in ("jobs", "invoices", "customers")]
                expected = {stream: changed(running, tenant, stream) for stream in streams}
                assert {stream: one.rows.get(stream, 0) for stream in streams} == expected
        assert loaded(running, "slow-2", "servicetitan_slow")[0] == "success"
        assert differences(running.warehouse.counts(), running.sandbox).keys() == {wrong}


def test_a_worker_is_killed_and_another_goes_on_from_the_state(tmp_path: Path) -> None:
    """What a worker had not finished is loaded by another, from where the state is: nothing is lost or doubled."""
    slow = "tenant002"
    options = Options(
        tenants=4,
        executor="celery",
        # It is after five minutes that Airflow misses a worker, so that Meltano's lock has ended by then. Here that
        # is sooner, and the usual time between two tries has to do.
        settings={"AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT": "20"},
    )
    with example(options, tmp_path) as running:
        state, _ = loaded(running, "first")
        assert state == "success"
        assert differences(running.warehouse.counts(), running.sandbox) == {}

        a_day_passes(running)
        expected = {stream: changed(running, slow, stream) for stream in FEEDS}
        assert sum(expected.values())
        # The last feeds do not answer: the others are read, and the target has them.
        for stream in ("calls", "jobs"):
            running.sandbox.order(slow, "faults", kind="slow", stream=stream, seconds=900, times=0)
        running.sandbox.clear(slow, "requests")
        running.airflow.trigger("second")
        await_that("it waits for the feed", lambda: is_asked(running, slow, "jobs"), running.airflow.programs, 300)
        tenant_id = running.sandbox.settings[slow]["tenant_id"]
        workers = {log: one.pid for log, one in running.airflow.programs.items() if log.stem.startswith("worker")}
        (log,) = (log for log, worker in workers.items() if works_for(worker, tenant_id))
        # Nothing that it does to end well: so a machine ends.
        for process in below(running.airflow.programs.pop(log).pid):
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)
        running.sandbox.clear(slow, "faults")

        assert running.airflow.await_end("second", run.LONGEST_RUN) == "success"
        loads = running.warehouse.loads("second")
        assert {one.failure for one in loads.values()} == {None}
        assert loads[f"{slow}/all"].attempts == 2
        # Just what changed, and all of it: the state of the first run was gone on from.
        assert {stream: loads[f"{slow}/all"].rows.get(stream, 0) for stream in FEEDS} == expected
        assert differences(running.warehouse.counts(), running.sandbox) == {}
