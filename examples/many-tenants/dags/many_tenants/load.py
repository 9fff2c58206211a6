"""One run of Meltano for one tenant: isolated from all others, and what became of it."""

from __future__ import annotations

import contextlib
import os
import resource
import signal
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from many_tenants.outcome import parsed
from many_tenants.tenants import ALL

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from many_tenants.outcome import Outcome
    from many_tenants.tenants import Load

PROJECT = Path(__file__).resolve().parent.parent.parent
"""The folder of meltano.yml."""
PROGRAMS = "SERVICETITAN_PROGRAMS"
"""The variable that names the folders of meltano, tap-servicetitan and target-postgres; else they are on the PATH."""
TAP, TARGET = "tap-servicetitan", "target-postgres"

_PATIENCE = 60
"""Seconds in which a pipeline that is told to end has to; then it is killed."""


class LoadError(Exception):
    """A run failed; the message is what the tap or Meltano said of it."""


def command(load: Load) -> list[str]:
    """Write the command that loads a tenant; its state is kept under the names of group, tenant and loader."""
    tap = TAP if load.group == ALL else f"{TAP}--{load.group}"
    return ["meltano", "--log-format=json", "run", "--no-install", f"--state-id-suffix={load.tenant}", tap, TARGET]


def environment(load: Load, credentials: Mapping[str, str], system: str) -> dict[str, str]:
    """Write the environment of a run: the worker's, without what is not this tenant's business."""
    settings = {**load.settings, **credentials, "tenant_id": str(load.tenant_id)}
    return shared_environment() | {
        **{f"TAP_SERVICETITAN_{name.upper()}": value for name, value in settings.items()},
        # Meltano keeps the state, the catalog and the settings of a run in files named after the tap alone: in one
        # folder, runs side by side would take up each other's bookmarks.
        "MELTANO_SYS_DIR_ROOT": system,
    }


def shared_environment() -> dict[str, str]:
    """Give the worker's environment without Airflow's settings and connections, which have all tenants' secrets."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("AIRFLOW_")}
    folders = [os.environ[PROGRAMS]] if PROGRAMS in os.environ else []
    return inherited | {"PATH": os.pathsep.join([*folders, inherited.get("PATH", os.defpath)])}


def run(load: Load, credentials: Mapping[str, str], outcome: Outcome) -> None:
    """Load a tenant, and note what is read.

    Raises:
        LoadError: The run failed. What was read before is loaded, and the state says how far it came.
    """
    before = _cpu_seconds()
    try:
        with (
            tempfile.TemporaryDirectory(prefix=f"{load.tenant}-") as system,
            _pipeline(command(load), environment(load, credentials, system)) as process,
        ):
            for text in process.stdout or ():
                outcome.note(parsed(text))
    finally:
        outcome.cpu_seconds = _cpu_seconds() - before
    if code := process.returncode:
        raise LoadError(outcome.failure(code))


@contextlib.contextmanager
def _pipeline(command: Iterable[str], environment: Mapping[str, str]) -> Iterator[subprocess.Popen[str]]:
    """Run a program to its end; if the block is left before, end it and all that it started."""
    # Whatever ends this task, be it the kernel, must end the pipeline too: else it would still be writing when the
    # retry begins. Told by SIGTERM, Meltano ends its plugins and gives the state free.
    tied = ["setpriv", "--pdeathsig", "TERM", "--"]
    with subprocess.Popen(
        [*tied, *command],
        cwd=PROJECT,
        env=dict(environment),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        start_new_session=True,
    ) as process:
        try:
            yield process
        except BaseException:
            _end(process)
            raise


def _end(process: subprocess.Popen[str]) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(_PATIENCE)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)


def _cpu_seconds() -> float:
    """Add up what the programs that this one started and that have ended took of a processor."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
