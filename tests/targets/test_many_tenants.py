"""The example of many tenants, without its engine: the list, what one task does, and tenants side by side."""

from __future__ import annotations

import concurrent.futures
import contextlib
import dataclasses
import datetime as dt
import json
import os
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
import yaml

from many_tenants import load, report, tables, tenants
from many_tenants.outcome import Outcome
from many_tenants.tenants import Load, TenantsError
from tap_servicetitan.catalog.endpoints import ENDPOINTS
from tap_servicetitan.sandbox.server import Sandbox, serve_tenants
from tap_servicetitan.settings.schema import SETTINGS
from tests.support.paths import ROOT
from tests.support.postgres import Server, postgres
from tests.support.running import catalog_of, run
from tests.support.waiting import until

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

EXAMPLE = ROOT / "examples" / "many-tenants"
PROGRAMS = (ROOT / ".venv-demo" / "bin", ROOT / ".venv-targets" / "target-postgres" / "bin")
NORTH = Load(tenant="north", tenant_id=4242)

pytestmark = pytest.mark.checkout


# ---------------------------------------------------------------------------------------------------------- the list


def read(folder: Path, *lines: str, groups: Sequence[str] = (tenants.ALL, *tenants.SPLIT)) -> list[Load]:
    """Read a list of tenants."""
    (folder / "tenants.yaml").write_text("".join(f"- {line}\n" for line in lines))
    return tenants.read(folder / "tenants.yaml", groups)


def test_a_line_is_a_tenant(tmp_path: Path) -> None:
    """A tenant is loaded in one piece, or as the groups that its line names."""
    lines = ("{name: north, tenant_id: 1}", "{name: south, tenant_id: 2, groups: [fast, slow]}")
    assert [one.name for one in read(tmp_path, *lines)] == ["north", "south/fast", "south/slow"]
    assert [one.name for one in read(tmp_path, *lines, groups=("slow",))] == ["south/slow"]
    (west,) = read(tmp_path, "{name: west, tenant_id: 3, settings: {concurrency: 2}}")
    assert west == Load(tenant="west", tenant_id=3, settings={"concurrency": "2"})


@pytest.mark.parametrize(
    ("lines", "complaint"),
    [
        pytest.param(["{name: north}"], "tenant 1: a line has name and tenant_id", id="no id"),
        pytest.param(["{name: a, tenant_id: 1}", "north"], "tenant 2: a line has name", id="no mapping"),
        pytest.param(["{name: a, tenant_id: 1, group: [fast]}"], "may have groups and settings", id="unknown word"),
        pytest.param(["{name: A-b, tenant_id: 1}"], "name is made of a-z", id="name"),
        pytest.param(["{name: a, tenant_id: '1'}"], "tenant_id is a number", id="text for an id"),
        pytest.param(["{name: a, tenant_id: true}"], "tenant_id is a number", id="truth for an id"),
        pytest.param(["{name: a, tenant_id: 1, groups: [quick]}"], "groups are some of fast, slow", id="group"),
        pytest.param(["{name: a, tenant_id: 1, groups: []}"], "groups are some of fast, slow", id="no group"),
        pytest.param(["{name: a, tenant_id: 1, settings: {client_secret: x}}"], "into the connection", id="secret"),
        pytest.param(["{name: a, tenant_id: 1, settings: {tenant_id: 2}}"], "into the connection", id="another id"),
        pytest.param(["{name: a, tenant_id: 1}", "{name: b, tenant_id: 1}"], "b, 1: it is in the list", id="id twice"),
        pytest.param(
            ["{name: a, tenant_id: 1}", "{name: a, tenant_id: 2}"], "a, 2: it is in the list", id="name twice"
        ),
        pytest.param(["{name: a, tenant_id: 1, groups: [fast, fast]}"], "a/fast, 1: it is in", id="group twice"),
    ],
)
def test_a_list_that_is_wrong_is_refused(tmp_path: Path, lines: list[str], complaint: str) -> None:
    """The message says which line and why; no two tenants get one state, and no secret is in a file."""
    with pytest.raises(TenantsError, match=complaint):
        read(tmp_path, *lines)


def test_a_file_without_a_list_is_refused(tmp_path: Path) -> None:
    """Nothing to load is no success."""
    with pytest.raises(TenantsError, match="there is no list"):
        read(tmp_path)


def test_the_list_of_the_example_can_be_read() -> None:
    """What people copy works."""
    assert [one.tenant for one in tenants.read(EXAMPLE / "tenants.yaml")] == ["north", "south", "south", "west"]


# ------------------------------------------------------------------------------------------------------- the project


def plugins() -> dict[str, dict[str, Any]]:
    """Give the plugins of the Meltano project by their names."""
    project = yaml.safe_load((EXAMPLE / "meltano.yml").read_bytes())
    return {plugin["name"]: plugin for kind in project["plugins"].values() for plugin in kind}


def test_all_is_what_the_tap_selects_by_default_and_the_groups_share_it() -> None:
    """No stream is read twice or left out when a tenant is split."""
    known = plugins()
    off = {pattern.removeprefix("!").removesuffix(".*") for pattern in known["tap-servicetitan"]["select"][1:]}
    assert off - {"schedulers.dataApiKey"} == {row.name for row in ENDPOINTS if not row.selected}
    fast = {pattern.removesuffix(".*") for pattern in known["tap-servicetitan--fast"]["select"]}
    assert fast < {row.name for row in ENDPOINTS if row.selected}
    assert {f"!{stream}" for stream in fast} == set(known["tap-servicetitan--slow"]["select_filter"])
    # A child is read with its parent's group, or its parent would be read in both.
    assert not fast & {row.parent for row in ENDPOINTS if row.selected}


def test_the_project_knows_the_settings_and_has_no_secret() -> None:
    """Its settings are those of the tap, with the same default where it names one."""
    known = plugins()["tap-servicetitan"]
    for setting in known["settings"]:
        described = SETTINGS["properties"][setting["name"]]
        assert setting.get("sensitive", False) == described.get("secret", False)
    assert {setting["name"] for setting in known["settings"]} >= {*SETTINGS["required"], "tenant_column"}
    told = {name for plugin in plugins().values() for name in plugin.get("config", {})}
    assert not told & {name for name, described in SETTINGS["properties"].items() if described.get("secret")}


def test_groups_of_one_tenant_stay_within_its_limit() -> None:
    """Both may be on at once, and ServiceTitan counts their requests together."""
    known = plugins()
    groups = [known[f"tap-servicetitan--{group}"] for group in tenants.SPLIT]
    usual = SETTINGS["properties"]["requests_per_second"]["default"]
    assert sum(group["config"]["requests_per_second"] for group in groups) <= usual


# ---------------------------------------------------------------------------------------------------------- one task


def test_a_run_has_what_is_its_own_and_no_secret_of_others(monkeypatch: pytest.MonkeyPatch) -> None:
    """Airflow's variables hold the connections of all tenants; a pipeline gets the settings of one."""
    monkeypatch.setenv("AIRFLOW_CONN_SERVICETITAN_SOUTH", "secret")
    monkeypatch.setenv("TARGET_POSTGRES_HOST", "warehouse")
    monkeypatch.setenv(load.PROGRAMS, "/one:/two")
    one = Load(tenant="north", tenant_id=7, group="fast", settings={"start_date": "2026-01-01"})
    made = load.environment(one, {"client_id": "a", "client_secret": "b", "st_app_key": "c"}, "/system")
    assert {
        name: value for name, value in made.items() if name.startswith(("AIRFLOW", "MELTANO", "TAP_", "TARGET_"))
    } == {
        "MELTANO_SYS_DIR_ROOT": "/system",
        "TAP_SERVICETITAN_CLIENT_ID": "a",
        "TAP_SERVICETITAN_CLIENT_SECRET": "b",
        "TAP_SERVICETITAN_START_DATE": "2026-01-01",
        "TAP_SERVICETITAN_ST_APP_KEY": "c",
        "TAP_SERVICETITAN_TENANT_ID": "7",
        "TARGET_POSTGRES_HOST": "warehouse",
    }
    assert made["PATH"].split(os.pathsep)[:2] == ["/one", "/two"]
    assert load.command(one)[-3:] == ["--state-id-suffix=north", "tap-servicetitan--fast", "target-postgres"]
    assert load.command(NORTH)[-2:] == ["tap-servicetitan", "target-postgres"]


def test_the_log_of_a_run_tells_rows_and_reasons() -> None:
    """Rows are counted by stream; of all complaints the tap's table says most."""
    outcome = Outcome()
    assert outcome.failure(7) == "meltano ended with 7"
    metric = {"metric": "record_count", "value": 3, "tags": {"stream": "jobs"}}
    for line in (
        {"event": "METRIC", "level": "info", "metric_info": metric},
        {"event": "METRIC", "level": "info", "metric_info": metric | {"value": 0, "tags": {"stream": "zones"}}},
        {"event": "METRIC", "level": "info", "metric_info": {"metric": "sync_duration", "value": 1.5}},
        {"event": "sign-in: 400", "level": "error"},
        {"event": "Block run completed", "level": "error", "err": "Extractor failed"},
    ):
        outcome.note(line)
    assert outcome.rows == Counter(jobs=3)
    assert outcome.failure(1) == "sign-in: 400"
    outcome.note({"event": "1 of 9 streams failed; …\n  jobs  400", "level": "error"})
    assert outcome.failure(1).startswith("1 of 9 streams failed")


def test_the_report_names_what_failed_first() -> None:
    """A reader sees who is missing, why, and how old the rest is."""
    north = report.Line(
        name="north", attempts=1, rows=1234, seconds=5.4, cpu_seconds=3.25, age=dt.timedelta(minutes=7), failure=None
    )
    south = dataclasses.replace(north, name="south", rows=0, cpu_seconds=None, age=None, failure="sign-in: 400")
    assert report.table([north, south]).splitlines() == [
        "tenant  tries   rows  seconds  CPU   fresh until",
        "south       1      0        5    -  never loaded  FAILED",
        "north       1  1,234        5  3.2     7 min ago",
        "south: sign-in: 400",
        "1 of 2 failed: south",
    ]
    assert report.summary([north]) == "0 of 1 failed"


def test_tables_are_made_of_what_is_selected() -> None:
    """The messages that make the tables are those that the tap will send, fields that are left out included."""
    catalog = catalog_of("schedulers", "jobs")
    made = {one["stream"]: one for one in tables.schemas(catalog)}
    assert made.keys() == {"schedulers", "jobs"}
    assert "dataApiKey" not in made["schedulers"]["schema"]["properties"]
    with serve_tenants(1) as (sandbox,):
        sent = [one for one in run(dict(sandbox.config), catalog=catalog).messages if one["type"] == "SCHEMA"]
    for message in sent:
        assert made[message["stream"]]["schema"]["properties"] == message["schema"]["properties"]
        assert made[message["stream"]]["key_properties"] == message["key_properties"]


# ------------------------------------------------------------------------------------------------- tenants in Meltano

# Writes what a target does when all is stored, and stores nothing.
TARGET = """\
import json, sys
for line in sys.stdin:
    message = json.loads(line)
    if message["type"] == "STATE":
        state = message["value"]
print(json.dumps(state))
"""
STREAMS = ("customers", "invoices", "jobs", "tag_types", "campaigns")
"""Feeds and lists, whose bookmarks differ from tenant to tenant."""
SELECT = json.dumps([f"{stream}.*" for stream in STREAMS])


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    """Run a PostgreSQL server for Meltano's state."""
    with postgres() as running:
        yield running


@pytest.fixture
def state(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[psycopg.Connection[Any]]:
    """Let Meltano keep state in a database of its own, and load into nothing; give the database."""
    programs = tmp_path / "programs"
    programs.mkdir()
    (programs / "target-postgres").write_text(f"#!{sys.executable} -SE\n{TARGET}")
    (programs / "target-postgres").chmod(0o755)
    monkeypatch.setenv(load.PROGRAMS, os.pathsep.join(map(str, (programs, *PROGRAMS))))
    address = f"{server['user']}:{server['password']}@{server['host']}:{server['port']}"
    with psycopg.connect(f"postgresql://{address}/{server['database']}", autocommit=True) as db:
        db.execute("DROP DATABASE IF EXISTS meltano WITH (FORCE)")
        db.execute("CREATE DATABASE meltano")
    monkeypatch.setenv("MELTANO_DATABASE_URI", f"postgresql+psycopg://{address}/meltano")
    environment = load.shared_environment() | {"MELTANO_SYS_DIR_ROOT": str(tmp_path)}
    # Runs side by side would all make the tables.
    command = [str(PROGRAMS[0] / "meltano"), "state", "list"]
    subprocess.run(command, cwd=EXAMPLE, env=environment, check=True, capture_output=True)  # noqa: S603 - Meltano
    with psycopg.connect(f"postgresql://{address}/meltano", autocommit=True) as db:
        yield db


def task(tenant: Sandbox) -> tuple[Load, dict[str, str]]:
    """Say what a task loads of a tenant, and with which credentials."""
    config = tenant.config
    settings = {name: config[name] for name in ("api_url", "auth_url")} | {"_select": SELECT}
    one = Load(tenant=f"t{config['tenant_id']}", tenant_id=int(config["tenant_id"]), settings=settings)
    return one, {name: config[name] for name in ("client_id", "client_secret", "st_app_key")}


def loaded(tenant: Sandbox) -> Counter[str]:
    """Load a tenant as a task does; give the rows."""
    outcome = Outcome()
    load.run(*task(tenant), outcome)
    return outcome.rows


def bookmarks(db: psycopg.Connection[Any], tenant: Sandbox) -> dict[str, Any]:
    """Give the bookmarks that Meltano has of a tenant."""
    key = f"prod:tap-servicetitan-to-target-postgres:{task(tenant)[0].tenant}"
    ((kept,),) = db.execute("SELECT completed_state FROM state WHERE state_id = %s", (key,)).fetchall()
    return dict(
        json.loads(kept)["singer_state"]["bookmarks"] if isinstance(kept, str) else kept["singer_state"]["bookmarks"]
    )


def test_tenants_side_by_side_keep_their_bookmarks_apart(state: psycopg.Connection[Any]) -> None:
    """Again and again, each goes on from its own bookmarks, and has those that it has when it runs alone."""
    with serve_tenants(4) as sandboxes, concurrent.futures.ThreadPoolExecutor(len(sandboxes)) as pool:
        alone: dict[str, dict[str, Any]] = {}
        catalog = catalog_of(*STREAMS, tenant_column=True)
        for _ in range(3):
            rows = {}
            for tenant in sandboxes:
                name = tenant.config["tenant_id"]
                output = run(tenant.config | {"tenant_column": True}, state=alone.get(name), catalog=catalog)
                alone[name], rows[name] = output.state, Counter(output.counts)
            together = dict(zip(rows, pool.map(loaded, sandboxes), strict=True))
            assert together == rows
            for tenant in sandboxes:
                assert bookmarks(state, tenant) == alone[tenant.config["tenant_id"]]["bookmarks"]
                tenant.advance(86_400)
            # What Meltano remembers of the runs themselves may be thrown away.
            state.execute("DELETE FROM runs")
    ours = [json.dumps(one, sort_keys=True) for one in alone.values()]
    assert len(set(ours)) == len(ours)


def test_a_task_that_is_cut_off_ends_its_pipeline(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What leaves a run before its end, such as a time limit, leaves nothing of it behind."""
    (tmp_path / "meltano").write_text("#!/bin/sh\nsleep 600 &\necho $! >&2\necho '{}'\nwait\n")
    (tmp_path / "meltano").chmod(0o755)
    monkeypatch.setenv(load.PROGRAMS, str(tmp_path))
    below: list[int] = []

    class Limited(Outcome):
        def note(self, line: Mapping[str, Any]) -> None:
            below.append(int(line["event"]))
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        load.run(NORTH, {}, Limited())
    until(lambda: not is_running(below[0]))


def is_running(process: int) -> bool:
    """Tell whether a process is there and has not ended."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_a_stream_that_fails_is_named(state: psycopg.Connection[Any]) -> None:
    """The reason is the tap's table, and what could be read is loaded all the same."""
    with serve_tenants(1) as (tenant,):
        tenant.fault("status", "jobs", status=400, times=0)
        outcome = Outcome()
        with pytest.raises(load.LoadError, match=r"1 of 5 streams failed(.|\n)*jobs.* 400 Bad Request"):
            load.run(*task(tenant), outcome)
        assert outcome.rows["customers"] == len(tenant.rows("customers"))
        assert outcome.cpu_seconds > 0
    assert states(state) == ["FAIL"]


CHILD = """\
import json, sys
from many_tenants import load, outcome, tenants
one, credentials = json.loads(sys.argv[1])
load.run(tenants.Load(**one), credentials, outcome.Outcome())
"""


@contextlib.contextmanager
def stuck(tenant: Sandbox) -> Iterator[subprocess.Popen[bytes]]:
    """Run a task whose tenant has been asked, and does not answer."""
    one, credentials = task(tenant)
    line = {"tenant": one.tenant, "tenant_id": one.tenant_id, "settings": one.settings}
    environment = os.environ | {"PYTHONPATH": str(EXAMPLE / "dags")}
    tenant.fault("slow", "jobs", seconds=600)
    tenant.forget_requests()
    command = [sys.executable, "-c", CHILD, json.dumps([line, credentials])]
    with subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL) as process:  # noqa: S603 - our own
        until(lambda: tenant.requests("jobs"))
        try:
            yield process
        finally:
            process.kill()
    tenant.clear_faults()


def states(db: psycopg.Connection[Any]) -> list[str]:
    """Say what Meltano holds of its runs, in their order."""
    return [kept for (kept,) in db.execute("SELECT state FROM runs ORDER BY id").fetchall()]


def test_what_is_killed_ends_its_pipeline_and_gives_the_state_free(state: psycopg.Connection[Any]) -> None:
    """A task that is gone leaves nothing running that would write beside its retry, which can begin at once."""
    with serve_tenants(1) as (tenant,):
        with stuck(tenant) as process:
            process.send_signal(signal.SIGKILL)
            process.wait()
            until(lambda: states(state) == ["FAIL"])
        assert loaded(tenant)["jobs"] == len(tenant.rows("jobs"))
    assert states(state) == ["FAIL", "SUCCESS"]


def test_what_dies_with_its_machine_is_waited_for(state: psycopg.Connection[Any]) -> None:
    """For five minutes nobody knows whether it still writes: so long its retry is refused, and then it goes on."""
    with serve_tenants(1) as (tenant,):
        with stuck(tenant) as process:
            for group in groups_below(process.pid):
                os.killpg(group, signal.SIGKILL)
            process.wait()
        with pytest.raises(load.LoadError, match="pipeline is already running"):
            loaded(tenant)
        state.execute("UPDATE runs SET last_heartbeat_at = last_heartbeat_at - interval '5 minutes'")
        assert loaded(tenant)["jobs"] == len(tenant.rows("jobs"))


def groups_below(pid: int) -> set[int]:
    """Find the process groups of what a process started."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return {os.getpgid(int(child)) for child in children}
