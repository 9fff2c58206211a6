"""Airflow on one machine: its settings, its programs, and what is asked of it."""

from __future__ import annotations

import contextlib
import json
import secrets
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING, Any

from one_machine.services import await_that, free_port, service

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Iterator, Mapping

    from one_machine.options import Options

EXAMPLE = Path(__file__).resolve().parent.parent
AIRFLOW = EXAMPLE.parent.parent / ".venv-airflow" / "bin" / "airflow"
DAGS = EXAMPLE / "dags"
DAG_IDS = ("servicetitan", "servicetitan_slow")
POOL = "servicetitan"

_LONGEST_START = 180.0
_directly = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def settings(home: Path, database: str, broker: str, options: Options) -> dict[str, str]:
    """Write Airflow's settings as variables of the environment."""
    port = free_port()
    known = {
        "CORE__DAGS_FOLDER": str(DAGS),
        "CORE__LOAD_EXAMPLES": "False",
        "CORE__EXECUTOR": {"local": "LocalExecutor", "celery": "CeleryExecutor"}[options.executor],
        # Room for the tasks before and after those that the pool bounds.
        "CORE__PARALLELISM": str(options.at_once + 2),
        "CORE__MAX_ACTIVE_TASKS_PER_DAG": str(options.at_once + 2),
        "CORE__EXECUTION_API_SERVER_URL": f"http://127.0.0.1:{port}/execution/",
        # Whoever reaches the port is taken for an administrator; it is open to this machine alone.
        "CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS": "True",
        "DATABASE__SQL_ALCHEMY_CONN": f"postgresql+psycopg2://{database}/airflow",
        "API__HOST": "127.0.0.1",
        "API__PORT": str(port),
        "API__SECRET_KEY": secrets.token_hex(),
        "API_AUTH__JWT_SECRET": secrets.token_hex(),
        "CELERY__BROKER_URL": broker,
        "CELERY__RESULT_BACKEND": f"db+postgresql+psycopg2://{database}/airflow",
        "CELERY__WORKER_CONCURRENCY": str((options.at_once + 3) // 2),
        "SCHEDULER__ENABLE_HEALTH_CHECK": "False",
    }
    return {
        "AIRFLOW_HOME": str(home),
        **{f"AIRFLOW__{name}": value for name, value in known.items()},
        # Celery refuses to be root, as containers and CI often are.
        "C_FORCE_ROOT": "1",
    }


class Airflow:
    """A running Airflow."""

    def __init__(self, environment: Mapping[str, str], logs: Path) -> None:
        """Know where it is, and begin without programs."""
        self.environment = environment
        self.url = f"http://127.0.0.1:{environment['AIRFLOW__API__PORT']}"
        self.programs: dict[Path, subprocess.Popen[bytes]] = {}
        self._logs = logs
        self._token = ""

    def ask(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:  # noqa: ANN401 - any JSON value
        """Ask the API for something below its second version."""
        return self._asked(method, f"/api/v2/{path}", body, {"Authorization": f"Bearer {self._token}"})

    def _asked(self, method: str, path: str, body: Mapping[str, Any] | None, headers: Mapping[str, str]) -> Any:  # noqa: ANN401
        request = urllib.request.Request(  # noqa: S310 - an address of this machine
            self.url + path,
            None if body is None else json.dumps(body).encode(),
            {"Content-Type": "application/json", **headers},
            method=method,
        )
        with _directly.open(request, timeout=60) as answer:
            return json.load(answer)

    @contextlib.contextmanager
    def program(self, name: str, *command: str) -> Iterator[subprocess.Popen[bytes]]:
        """Run one of Airflow's programs until the block ends."""
        log = self._logs / f"{name}.log"
        with service([AIRFLOW, *command], self.environment, log) as process:
            self.programs[log] = process
            try:
                yield process
            finally:
                self.programs.pop(log, None)

    def begin(self) -> None:
        """Wait until the DAGs are known, and let them run."""
        await_that("the API answers", self._is_up, self.programs, _LONGEST_START)
        await_that("the DAGs are known", self._knows_the_dags, self.programs, _LONGEST_START)
        for dag in DAG_IDS:
            self.ask("PATCH", f"dags/{dag}", {"is_paused": False})

    def _is_up(self) -> bool:
        try:
            self._token = self._asked("GET", "/auth/token", None, {})["access_token"]
        except OSError:
            return False
        return True

    def _knows_the_dags(self) -> bool:
        return {dag["dag_id"] for dag in self.ask("GET", "dags")["dags"]} >= {*DAG_IDS}

    def trigger(self, run: str, dag: str = DAG_IDS[0]) -> None:
        """Start a run of a DAG."""
        self.ask("POST", f"dags/{dag}/dagRuns", {"dag_run_id": run, "logical_date": None})

    def tasks(self, run: str, dag: str = DAG_IDS[0]) -> list[dict[str, Any]]:
        """List the tasks of a run."""
        found = self.ask("GET", f"dags/{dag}/dagRuns/{run}/taskInstances?limit=1000")
        return list(found["task_instances"])

    def log(self, run: str, task: str, dag: str = DAG_IDS[0]) -> str:
        """Give the log of a task's first attempt."""
        told = self.ask("GET", f"dags/{dag}/dagRuns/{run}/taskInstances/{task}/logs/1?full_content=true")
        return "\n".join(str(line["event"]) for line in told["content"])

    def await_end(self, run: str, limit: float, dag: str = DAG_IDS[0]) -> str:
        """Wait until a run has ended; tell how."""

        def state() -> str:
            return str(self.ask("GET", f"dags/{dag}/dagRuns/{run}")["state"])

        # Asked more often, the API would be busy with that alone.
        ended = {"success", "failed"}
        await_that(f"run {run} has ended", lambda: state() in ended, self.programs, limit, pause=3)
        return state()


@contextlib.contextmanager
def airflow(environment: Mapping[str, str], logs: Path, options: Options) -> Iterator[Airflow]:
    """Run Airflow with the DAGs of the example, with two workers if it is to be with Celery."""
    engine = Airflow(environment, logs)
    prepare(engine, options)
    with contextlib.ExitStack() as running:
        for number in (1, 2) if options.executor == "celery" else ():
            running.enter_context(worker(engine, number, logs))
        for name in ("api-server", "scheduler", "dag-processor"):
            running.enter_context(engine.program(name, name))
        engine.begin()
        yield engine


@contextlib.contextmanager
def worker(engine: Airflow, number: int, logs: Path) -> Iterator[None]:
    """Run a worker of Celery, and wait for it: two that begin at once would both make the tables of the broker."""
    name = f"worker-{number}"
    log = logs / f"{name}.log"
    with engine.program(name, "celery", "worker", "--skip-serve-logs", "--celery-hostname", f"{name}@%h"):
        await_that(f"{name} is ready", lambda: " ready." in log.read_text(), engine.programs, _LONGEST_START)
        yield


def prepare(engine: Airflow, options: Options) -> None:
    """Make Airflow's tables and the pool."""
    for name, command in {
        "migration": ("db", "migrate"),
        "pool": ("pools", "set", POOL, str(options.at_once), "tenants at once"),
    }.items():
        with engine.program(name, *command) as process:
            if process.wait():
                log = next(reversed(engine.programs))
                msg = f"airflow {' '.join(command)} failed; see {log}"
                raise RuntimeError(msg)
