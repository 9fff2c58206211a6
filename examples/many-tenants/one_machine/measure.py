"""Measure what a tenant costs and how long many take: the figures of docs/scale.md.

Run it as ``PYTHONPATH=examples/many-tenants .venv-airflow/bin/python -m one_machine.measure``. An answer of the
sandbox takes as long here as ServiceTitan's are taken to.
"""

from __future__ import annotations

import argparse
import os
import resource
import shutil
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

from one_machine import engine
from one_machine.options import Options
from one_machine.run import FOLDER, Ground, ground, say, stop

sys.path.insert(0, str(engine.DAGS))
from many_tenants import load, tables
from many_tenants.outcome import Outcome
from many_tenants.tenants import Load

if TYPE_CHECKING:
    from collections.abc import Callable

AN_HOUR = 3600
LONGEST_RUN = 4 * 3600.0
# What a tenant's history costs is measured with one; the many begin where it ends.
RECENT = {"TAP_SERVICETITAN_START_DATE": "2026-11-01T11:00:00Z"}


def main() -> None:
    """Measure one tenant by itself, then many with the engine."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--tenants", type=int, default=200)
    parser.add_argument("--at-once", type=int, default=6)
    parser.add_argument("--latency", type=float, default=0.2, help="seconds that an answer takes (default: 0.2)")
    parser.add_argument("--rounds", type=int, default=3, help="how often one tenant is measured (default: 3)")
    said = parser.parse_args()
    signal.signal(signal.SIGTERM, stop)
    shutil.rmtree(FOLDER, ignore_errors=True)
    options = Options(tenants=said.tenants, at_once=said.at_once)
    with ground(options, FOLDER) as base:
        for tenant in base.sandbox.settings:
            base.sandbox.order(tenant, "faults", kind="slow", seconds=said.latency, times=0)
        one(base, said.rounds)
        many(base, options)


def one(base: Ground, rounds: int) -> None:
    """Measure the runs of one tenant, and the parts of a run."""
    os.environ.update(base.environment)
    name, settings = next(iter(base.sandbox.settings.items()))
    credentials = {known: settings[known] for known in ("client_id", "client_secret", "st_app_key")}
    whole = Load(tenant=f"{name}_alone", tenant_id=int(settings["tenant_id"]))
    fast = Load(tenant=f"{name}_alone", tenant_id=int(settings["tenant_id"]), group="fast")

    def run(what: Load) -> Callable[[], object]:
        return lambda: load.run(what, credentials, Outcome())

    measure("the tables are made", tables.make)
    measure("a tenant's history", run(whole))
    for _ in range(rounds):
        measure("a tenant with nothing new", run(whole))
    measure("its fast group, at first", run(fast))
    for _ in range(rounds):
        measure("its fast group with nothing new", run(fast))
    measure("meltano --version", lambda: quietly("meltano", "--version"))
    measure("tap-servicetitan --discover", lambda: quietly("tap-servicetitan", "--config=ENV", "--discover"))


def quietly(*command: str) -> None:
    """Run a program of the pipeline."""
    subprocess.run(command, env=load.shared_environment(), check=True, stdout=subprocess.DEVNULL)


def many(base: Ground, options: Options) -> None:
    """Measure a run of all tenants, and one an hour later."""
    began = cpu_seconds()
    with engine.airflow(base.environment | RECENT, FOLDER / "logs", options) as airflow:
        for run in ("first", "an-hour-later"):
            start = time.monotonic()
            airflow.trigger(run)
            state = airflow.await_end(run, LONGEST_RUN)
            took = time.monotonic() - start
            say(f"{run}: {state}, {took:.0f} s for {options.tenants} tenants, {options.at_once} at once")
            say(f"  {base.warehouse.totals(run)}")
            for tenant in base.sandbox.settings:
                base.sandbox.order(tenant, "clock", advance=AN_HOUR)
    say(f"Airflow and all pipelines together: {cpu_seconds() - began:.0f} CPU s")


def measure(what: str, do: Callable[[], object]) -> None:
    """Do something, and print how long it took and what the programs took that it ran."""
    began, start = cpu_seconds(), time.monotonic()
    do()
    say(f"{what:35} {time.monotonic() - start:6.1f} s {cpu_seconds() - began:6.1f} CPU s")


def cpu_seconds() -> float:
    """Add up what the programs that were run and have ended took of a processor."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    main()
