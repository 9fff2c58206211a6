"""Load many sandbox tenants into one PostgreSQL database with Airflow, let a day pass, and load what changed.

All of it runs on this machine, from its start to its end: a sandbox, a PostgreSQL server, and Airflow with its local
executor, or with Celery and two workers. Run it with ``make many-tenants``. What it writes is in ``.many-tenants``.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import shutil
import signal
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, NoReturn, get_args

import psycopg

from one_machine import engine
from one_machine.options import Executor, Options
from one_machine.services import ServiceError
from one_machine.tenants import Sandbox, sandbox
from one_machine.warehouse import Warehouse, differences, warehouse
from tests.support.postgres import Server, postgres

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from types import FrameType

    from one_machine.engine import Airflow

ROOT = Path(__file__).resolve().parent.parent.parent.parent
FOLDER = ROOT / ".many-tenants"
PROGRAMS = (ROOT / ".venv-demo" / "bin", ROOT / ".venv-targets" / "target-postgres" / "bin")
"""Where the tap, its sandbox and Meltano are, and the target."""

SANDBOX = ("--port", "0", "--scale", "0.005", "--requests-per-second", "0", "--at", "2026-11-01T12:00:00Z")
FEWEST = 2
A_DAY = 24 * 60 * 60
LONGEST_RUN = 3600.0

# What a user has set for Airflow, Meltano or a tap of their own must not lead the example there.
FOREIGN_SETTINGS = ("AIRFLOW_", "MELTANO_", "SERVICETITAN_", "TAP_SERVICETITAN_", "TARGET_POSTGRES_")


class Example(NamedTuple):
    """The example when it is up."""

    sandbox: Sandbox
    airflow: Airflow
    warehouse: Warehouse


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the example, and end with one message if a step fails."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    usual = Options()
    parser.add_argument("--tenants", type=int, default=usual.tenants, help="2 or more (default: %(default)s)")
    parser.add_argument("--executor", choices=get_args(Executor), default=usual.executor, help="default: %(default)s")
    parser.add_argument("--at-once", type=int, default=usual.at_once, help="how many to load at once (default: 4)")
    parser.add_argument("--broker", help="for Celery, such as redis://127.0.0.1:6379/0; else it is PostgreSQL")
    said = parser.parse_args(arguments)
    if said.tenants < FEWEST:
        parser.error("--tenants is 2 or more: one needs no engine")
    signal.signal(signal.SIGTERM, stop)
    try:
        demonstrate(Options(said.tenants, said.executor, said.at_once, said.broker))
    except ServiceError as error:
        sys.exit(f"\nThe example failed: {error}")
    except KeyboardInterrupt:
        sys.exit("\nThe example was interrupted.")


def demonstrate(options: Options) -> None:
    """Load everything, compare, let a day pass, load again, compare."""
    shutil.rmtree(FOLDER, ignore_errors=True)
    with example(options, FOLDER) as running:
        load("first", "Loading everything", running)
        for tenant in running.sandbox.settings:
            running.sandbox.order(tenant, "clock", advance=A_DAY)
        load("second", "A day later, loading what changed", running)


def load(run: str, what: str, running: Example) -> None:
    """Run the DAG once, and show what it brought."""
    say(f"{what} ...", end=" ")
    start = time.monotonic()
    running.airflow.trigger(run)
    state = running.airflow.await_end(run, LONGEST_RUN)
    say(f"{state} after {time.monotonic() - start:.0f} s")
    loads = running.warehouse.loads(run)
    counted = running.warehouse.counts()
    say(f"  {sum(sum(one.rows.values()) for one in loads.values()):,} rows were read of {len(loads)} tenants")
    say(f"  {sum(sum(tenants.values()) for tenants in counted.values()):,} rows are in {len(counted)} tables")
    for name, one in loads.items():
        if one.failure:
            say(f"  {name} failed: {one.failure}")
    unlike = differences(counted, running.sandbox)
    say(f"  {len(running.sandbox.settings) - len(unlike)} tenants have as many rows in each table as in the sandbox")
    for name, streams in unlike.items():
        say(f"  {name} has not: {streams}")


class Ground(NamedTuple):
    """What the engine stands on."""

    sandbox: Sandbox
    environment: dict[str, str]
    warehouse: Warehouse


@contextlib.contextmanager
def example(options: Options, folder: Path) -> Iterator[Example]:
    """Start everything, and end it."""
    with ground(options, folder) as base, engine.airflow(base.environment, folder / "logs", options) as airflow:
        say(f"Airflow ({options.executor} executor) serves at {airflow.url}")
        yield Example(base.sandbox, airflow, base.warehouse)


@contextlib.contextmanager
def ground(options: Options, folder: Path) -> Iterator[Ground]:
    """Start a PostgreSQL server and a sandbox, and write the environment of the engine and its workers."""
    logs = folder / "logs"
    logs.mkdir(parents=True)
    command: list[str | Path] = [PROGRAMS[0] / "tap-servicetitan-sandbox", *SANDBOX]
    own = foreign_free(os.environ)
    with postgres() as server, sandbox(command, own, options.tenants, logs / "sandbox.log") as tenants:
        make_databases(server)
        say(f"The sandbox serves {options.tenants} tenants at {tenants.url}")
        environment = own | worker_environment(options, server, tenants, folder)
        with warehouse(f"postgresql://{address(server)}/warehouse") as connected:
            yield Ground(tenants, environment, connected)


def foreign_free(inherited: Mapping[str, str]) -> dict[str, str]:
    """Leave out what was set for other pipelines."""
    ours = {name: value for name, value in inherited.items() if not name.startswith(FOREIGN_SETTINGS)}
    # A proxy that pip may need does not lead to the sandbox on this machine.
    return ours | dict.fromkeys(("NO_PROXY", "no_proxy"), "127.0.0.1,localhost")


def worker_environment(options: Options, server: Server, tenants: Sandbox, folder: Path) -> dict[str, str]:
    """Write what Airflow, its workers and the pipelines have to know."""
    listed = folder / "tenants.yaml"
    tenants.write_list(listed, options.groups)
    database = address(server)
    broker = options.broker or f"sqla+postgresql+psycopg2://{database}/airflow"
    return {
        **engine.settings(folder / "airflow", database, broker, options),
        **tenants.connections(),
        "SERVICETITAN_TENANTS": str(listed),
        "SERVICETITAN_PROGRAMS": os.pathsep.join(map(str, PROGRAMS)),
        # Here runs are triggered, and nobody waits for the hour.
        "SERVICETITAN_SCHEDULE": "",
        "SERVICETITAN_SLOW_SCHEDULE": "",
        "MELTANO_DATABASE_URI": f"postgresql+psycopg://{database}/meltano",
        "TAP_SERVICETITAN_API_URL": tenants.url,
        "TAP_SERVICETITAN_AUTH_URL": f"{tenants.url}/connect/token",
        # The sandbox has no limit here.
        "TAP_SERVICETITAN_REQUESTS_PER_SECOND": "1000",
        **{f"TARGET_POSTGRES_{name.upper()}": str(value) for name, value in server.items()},
        "TARGET_POSTGRES_DATABASE": "warehouse",
        **options.settings,
    }


def make_databases(server: Server) -> None:
    """Make a database for each purpose."""
    with psycopg.connect(f"postgresql://{address(server)}/{server['database']}", autocommit=True) as db:
        for name in ("airflow", "meltano", "warehouse"):
            db.execute(f"CREATE DATABASE {name}")


def address(server: Server) -> str:
    """Write the address of the server without the name of a database."""
    return f"{server['user']}:{server['password']}@{server['host']}:{server['port']}"


def say(text: str = "", *, end: str = "\n") -> None:
    """Print at once, also into a pipe."""
    print(text, end=end, flush=True)  # noqa: T201 - the example talks to whoever runs it


def stop(_signal: int, _frame: FrameType | None) -> NoReturn:
    """End in order, as Ctrl-C does."""
    raise KeyboardInterrupt


if __name__ == "__main__":
    main()
