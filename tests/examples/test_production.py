"""The files of examples/production: each is of the form that its program takes, and its commands load the sandbox."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
import pytest
import yaml

from tap_servicetitan.sandbox.server import Sandbox, serve
from tests.support.paths import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator

EXAMPLE = ROOT / "examples" / "production"
UNIT = (EXAMPLE / "systemd" / "tap-servicetitan.service").read_text(encoding="utf-8")
CONTAINERFILE = (EXAMPLE / "Containerfile").read_text(encoding="utf-8")
PROGRAMS = Path(sys.executable).parent
CREDENTIALS = ("CLIENT_ID", "CLIENT_SECRET", "ST_APP_KEY", "TENANT_ID")
FEW = "zones"
"""What the runs load: which streams there are is no matter of these files."""

pytestmark = pytest.mark.checkout


@pytest.fixture(scope="module")
def tenant() -> Iterator[Sandbox]:
    """Serve a tenant for all commands."""
    with serve() as running:
        yield running


@pytest.fixture
def folder(tenant: Sandbox, tmp_path: Path) -> Path:
    """Make a folder as the page describes it: an environment, the settings, and the program that checks reports."""
    (tmp_path / "venv").symlink_to(PROGRAMS.parent)
    settings = tenant.config | {"run_report_path": "report.json"}
    (tmp_path / "config.json").write_text(json.dumps(settings))
    shutil.copy(EXAMPLE / "check_report.py", tmp_path)
    return tmp_path


def shell(command: str, folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a command of one of the files, in the folder that it would be in."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("MELTANO_", "TAP_SERVICETITAN_"))}
    return subprocess.run(  # noqa: S603 - the commands of the examples
        ["/bin/sh", "-c", command],
        cwd=folder,
        env=kept | environment | {"NO_PROXY": "127.0.0.1"},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def count(file: Path) -> int:
    """Count the zones of a DuckDB file."""
    with duckdb.connect(file, read_only=True) as db:
        return int(db.execute("SELECT count(*) FROM zones").fetchall()[0][0])


def check(folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """Run the program that checks the report."""
    return shell(shlex.join(["venv/bin/python", "check_report.py", "report.json", *options]), folder)


def test_the_service_loads_and_the_report_is_checked(tenant: Sandbox, folder: Path) -> None:
    """A good run passes; a run that failed, an old one and none are each reported by their reason."""
    assert check(folder).stdout.startswith("report.json does not exist")
    (command,) = re.findall(r"^ExecStart=(.*)$", UNIT, re.MULTILINE)
    assert "/opt/servicetitan/bin/" in command
    assert "%d/" in command
    started = shell(
        command.replace("/opt/servicetitan/", "venv/").replace("%d/", "") + f" --select {FEW}",
        folder,
        TAP_SERVICETITAN_RUN_REPORT_PATH="report.json",
    )
    assert started.returncode == 0, started.stderr
    assert count(folder / "servicetitan.duckdb") == len(tenant.rows(FEW))
    # The sandbox's clock stands at another time than this machine's.
    good = check(folder, "--hours", "1e9")
    assert (good.returncode, good.stdout) == (0, "The last run loaded all streams.\n")
    assert check(folder, "--hours", "1e9", "--quiet").stdout == ""
    report: dict[str, Any] = json.loads((folder / "report.json").read_text())
    report |= {"ended_at": "2020-01-01T00:00:00.000Z", "result": "failed", "error": "sign-in: 400"}
    report["streams"] = [{"stream": FEW, "result": "failed", "reason": "503"}]
    (folder / "report.json").write_text(json.dumps(report))
    bad = check(folder, "--quiet")
    assert bad.returncode == 1
    assert re.fullmatch(
        r"The last run ended [\d.]+ hours ago\.\nThe last run failed: sign-in: 400\nzones failed: 503\n", bad.stdout
    )


def test_the_line_for_cron_loads_and_prints_only_what_is_wrong(tenant: Sandbox, folder: Path) -> None:
    """The command prints nothing when it succeeds, so that cron mails nothing, and the end of the log when it fails."""
    text = (EXAMPLE / "crontab").read_text(encoding="utf-8")
    load, watch = re.findall(r"^\d+ \* \* \* \*  cd /srv/servicetitan && (.*)$", text, re.MULTILINE)
    assert "%" not in load + watch, "cron takes % for a line break"
    load = load.replace("servicetitan.duckdb", f"servicetitan.duckdb --select {FEW}")
    good = shell(load, folder)
    assert (good.returncode, good.stdout, good.stderr) == (0, "", "")
    assert count(folder / "servicetitan.duckdb") == len(tenant.rows(FEW))
    (folder / "config.json").write_text(json.dumps(tenant.config | {"client_secret": "wrong"}))
    assert "check client_id and client_secret" in shell(load, folder).stdout
    (folder / "report.json").unlink()
    assert shell(watch, folder).stdout.startswith("report.json does not exist")


def test_the_command_of_the_container_loads(tenant: Sandbox, folder: Path) -> None:
    """It needs nothing but the environment and a volume, and it does not run as root."""
    assert re.search(r"^FROM python:3\.\d+-slim-\w+@sha256:[0-9a-f]{64}$", CONTAINERFILE, re.MULTILINE)
    assert re.search(r"^USER [1-9]\d*$", CONTAINERFILE, re.MULTILINE)
    sources = re.findall(r"^COPY (.+) \S+$", CONTAINERFILE, re.MULTILINE)[0].split()
    assert [one for one in sources if not (ROOT / one).exists()] == ["dist/tap_servicetitan-*.whl"]
    parts = [
        json.loads(re.findall(rf"^{word} (\[.*\])$", CONTAINERFILE, re.MULTILINE)[0]) for word in ("ENTRYPOINT", "CMD")
    ]
    command = shlex.join([f"venv/bin/{parts[0][0]}", *parts[1]]).replace("/data/", "")
    variables = {
        f"TAP_SERVICETITAN_{name.upper()}": value for name, value in tenant.config.items() if isinstance(value, str)
    }
    done = shell(f"{command} --select {FEW}", folder, **variables, TAP_SERVICETITAN_RUN_REPORT_PATH="report.json")
    assert done.returncode == 0, done.stderr
    assert count(folder / "servicetitan.duckdb") == len(tenant.rows(FEW))
    assert (folder / "report.json").exists()


def test_the_pipe_keeps_a_good_state_and_gives_the_code_of_what_failed(folder: Path) -> None:
    """A target that fails, or prints half a state, leaves the last state where it is."""
    tap = folder / "tap"
    tap.write_text('#!/bin/sh\ncat "$4" > given.json\necho rows\nexit ${TAP_CODE:-0}\n')
    tap.chmod(0o755)
    pipe = f"TAP=./tap {shlex.quote(str(EXAMPLE / 'pipe.sh'))} sh -c "
    state = folder / "state.json"
    assert shell(pipe + """'cat > rows; echo "{\\"a\\": 1}"'""", folder).returncode == 0
    assert ((folder / "given.json").read_text(), state.read_text()) == ("{}\n", '{"a": 1}\n')
    assert shell(pipe + """'cat > rows; echo "{\\"a\\": "; exit 3'""", folder).returncode == 3
    assert ((folder / "given.json").read_text(), state.read_text()) == ('{"a": 1}\n', '{"a": 1}\n')
    assert shell(pipe + """'cat > rows; echo "{\\"a\\": 2}"'""", folder, TAP_CODE="1").returncode == 1
    assert state.read_text() == '{"a": 2}\n'


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="needs systemd's own tool")
def test_systemd_takes_the_units(tmp_path: Path) -> None:
    """All of them, with programs that are there in place of those that would be installed."""
    for unit in (EXAMPLE / "systemd").iterdir():
        text = re.sub(r"^(ExecStart=)/opt/\S+", r"\1/bin/true", unit.read_text(encoding="utf-8"), flags=re.MULTILINE)
        (tmp_path / unit.name).write_text(text)
    done = shell(shlex.join(["systemd-analyze", "verify", *map(str, sorted(tmp_path.iterdir()))]), tmp_path)
    ours = [line for line in (done.stdout + done.stderr).splitlines() if "tap-servicetitan" in line]
    assert (done.returncode, ours) == (0, [])


def test_the_workflow_and_the_dag_give_meltano_what_it_needs() -> None:
    """Both run plugins that meltano.yml has, and set credentials that it knows; actions are pinned."""
    text = (EXAMPLE / "github-actions.yml").read_text(encoding="utf-8")
    used = re.findall(r"uses: (.*)$", text, re.MULTILINE)
    assert [one for one in used if not re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", one)] == []
    project = yaml.safe_load((EXAMPLE / "meltano" / "meltano.yml").read_text(encoding="utf-8"))
    plugins = {one["name"]: one for group in project["plugins"].values() for one in group}
    known = {
        f"{name}_{setting['name']}".upper().replace("-", "_")
        for name, plugin in plugins.items()
        for setting in plugin["settings"]
    }
    step = yaml.safe_load(text)["jobs"]["load"]["steps"][-1]
    assert step["env"].keys() - known == {"MELTANO_DATABASE_URI"}
    assert {f"TAP_SERVICETITAN_{one}" for one in CREDENTIALS} <= step["env"].keys()
    secret = [
        name
        for name, value in step["env"].items()
        if "vars." in value and re.search("SECRET|KEY|PASSWORD|URI|CLIENT", name)
    ]
    assert secret == []
    assert {*step["run"].split()} <= {"meltano", "run", *plugins}


def test_the_page_has_every_file() -> None:
    """Each is linked or copied, and what the page's blocks copy is there."""
    page = (ROOT / "docs" / "production.md").read_text(encoding="utf-8")
    named = {ROOT / one for one in re.findall(r"examples/production/[\w./-]*\w", page)}
    assert [one for one in named if not one.exists()] == []
    files = {file for file in EXAMPLE.rglob("*") if file.is_file() and "__pycache__" not in file.parts}
    assert [file for file in files if not named & {file, *file.parents}] == []
    (folder,) = re.findall(r"^sudo python3 -m venv (\S+)$", page, re.MULTILINE)
    assert f"ExecStart={folder}/bin/" in UNIT


READ_DAG = """\
import json, pathlib, sys
from airflow.dag_processing.dagbag import BundleDagBag
folder = pathlib.Path(sys.argv[1])
bag = BundleDagBag(dag_folder=folder, bundle_path=folder, bundle_name="dags-folder")
(task,) = bag.dags["servicetitan"].tasks
print(json.dumps({"errors": bag.import_errors, "command": task.bash_command, "env": task.env, "retries": task.retries}))
"""


def test_airflow_loads_the_dag(tmp_path: Path) -> None:
    """It has one task, which gets the credentials of the tenant from connections."""
    python = ROOT / ".venv-airflow" / "bin" / "python"
    assert python.exists(), "Airflow is not there; run `make test-setup`"
    command = shlex.join([str(python), "-c", READ_DAG, str(EXAMPLE / "airflow")])
    done = shell(command, tmp_path, AIRFLOW_HOME=str(tmp_path), AIRFLOW__CORE__LOAD_EXAMPLES="False")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout.splitlines()[-1])
    assert found["errors"] == {}
    assert found["command"] == "meltano run tap-servicetitan target-postgres"
    assert found["env"].keys() == {f"TAP_SERVICETITAN_{one}" for one in CREDENTIALS}
    assert found["retries"] == 2
