"""The shipped meltano.yml, run by Meltano itself: from the API into PostgreSQL, with Meltano's own state."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import yaml

from examples.demo.run import FOREIGN_SETTINGS
from tap_servicetitan.sandbox.server import Sandbox, serve
from tests.campaigns import reports
from tests.support import few
from tests.support.paths import ROOT
from tests.support.pipeline import LONGEST_LOAD, ended
from tests.support.postgres import Server, postgres
from tests.support.tables import assert_equal, in_postgres, loadable
from tests.support.targets import meltano, target_postgres

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

# The wheel's environment has no Meltano, and meltano.yml is no part of the wheel.
pytestmark = [pytest.mark.targets, pytest.mark.checkout]

PIPELINE = ("tap-servicetitan", "target-postgres")
WAIT = "follows in 77."
"""Stands in the log when the tap waits for so many seconds."""


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    """Run a tenant whose feeds have some pages."""
    with serve(seed=1, scale=0.01, page_size=20) as running:
        yield running


@pytest.fixture
def server() -> Iterator[Server]:
    """Begin with an empty server."""
    with postgres() as running:
        yield running


def make_project(folder: Path) -> None:
    """Write the shipped project, with programs that are installed already."""
    project = yaml.safe_load((ROOT / "meltano.yml").read_bytes())
    installed = {"tap-servicetitan": Path(sys.executable).with_name("tap-servicetitan"), PIPELINE[1]: target_postgres()}
    for plugins in project["plugins"].values():
        plugins[:] = [one for one in plugins if one["name"] in installed]
        for one in plugins:
            del one["pip_url"]
            one["executable"] = str(installed[one["name"]])
    (folder / "meltano.yml").write_text(yaml.safe_dump(project, sort_keys=False))


def environment(config: Mapping[str, object], server: Server) -> dict[str, str]:
    """Give the settings as whoever runs Meltano does: in the environment."""
    foreign = (*FOREIGN_SETTINGS, "TARGET_POSTGRES_")
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(foreign)}
    settings = {f"TAP_SERVICETITAN_{name.upper()}": value for name, value in config.items()}
    settings |= {f"TARGET_POSTGRES_{name.upper()}": value for name, value in server.items()}
    selected = {"TAP_SERVICETITAN__SELECT": [f"{stream}.*" for stream in few.STREAMS]}
    texts = {
        name: value if isinstance(value, str) else json.dumps(value) for name, value in (settings | selected).items()
    }
    return inherited | texts | dict.fromkeys(("NO_PROXY", "no_proxy"), "127.0.0.1,localhost")


def command(*options: str) -> list[str]:
    """Write the command line of a run."""
    return [str(meltano()), "--log-format=uncolored", "run", *options, *PIPELINE]


def assert_the_truth(sandbox: Sandbox, server: Server) -> None:
    """Compare all values of all rows with the sandbox's."""
    catalog = few.catalog(few.config(sandbox))
    tables = in_postgres(server, "tap_servicetitan")
    assert tables.keys() == {*few.STREAMS}
    for stream, rows in tables.items():
        properties = few.properties(catalog, stream)
        wanted = [loadable(properties, one) for one in reports.truth(sandbox, stream)]
        assert_equal(stream, few.key(stream), reports.rows_of(stream, rows), wanted)


def test_meltano_loads_the_truth(sandbox: Sandbox, server: Server, tmp_path: Path) -> None:
    """After a load, what changed, and a kill, each table has the rows of the API, each once, with all their values."""
    make_project(tmp_path)
    env = environment(few.config(sandbox), server)

    def run(*options: str) -> None:
        done = subprocess.run(  # noqa: S603 - a program of the test setup
            command(*options), cwd=tmp_path, env=env, capture_output=True, check=False, timeout=LONGEST_LOAD
        )
        assert done.returncode == 0, (done.stdout + done.stderr).decode()[-4_000:]

    run()
    assert_the_truth(sandbox, server)
    deactivated = few.change(sandbox)
    sandbox.forget_requests()
    run()
    assert_the_truth(sandbox, server)
    assert len(sandbox.requests("jobs")) < 3, "the second run went on from the state that Meltano keeps"
    tables = in_postgres(server, "tap_servicetitan")
    for stream, ids in deactivated.items():
        assert {row["id"] for row in tables[stream] if row["active"] is False} >= ids

    few.change(sandbox)
    middle = {"skip": 4, "times": 99}
    sandbox.fault("status", reports.asked(few.REPORT), **middle, status=429, headers={"Retry-After": "77"})
    kill_when_it_waits(tmp_path, env)
    sandbox.clear_faults()
    # The run that was killed is still in Meltano's books, and for five minutes taken for one that goes on.
    run("--force")
    assert_the_truth(sandbox, server)


def kill_when_it_waits(folder: Path, env: Mapping[str, str]) -> None:
    """Run the pipeline, and kill Meltano, the tap and the target at once when the tap waits in the middle of it."""
    with ended(
        subprocess.Popen(  # noqa: S603 - a program of the test setup
            command(),
            cwd=folder,
            env=env,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    ) as running:
        assert running.stdout
        lines = []
        for line in running.stdout:
            lines.append(line)
            if WAIT.encode() in line:
                break
        else:
            pytest.fail(f"it ended before: {b''.join(lines).decode()[-4_000:]}")
        os.killpg(running.pid, signal.SIGKILL)
