"""The files of the example that only its engine reads: the DAG can be loaded, the manifests are valid."""

from __future__ import annotations

import json
import os
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support.paths import ROOT

EXAMPLE = ROOT / "examples" / "many-tenants"
KUBERNETES = EXAMPLE / "kubernetes"
PROGRAMS = ROOT / ".venv-airflow" / "bin"

# The oldest and the newest that the tool knows of those that are still looked after.
VERSIONS = ("1.33.0", "1.37.0")

pytestmark = pytest.mark.checkout

# Loads the DAGs as Airflow does, and writes down what they are.
READ = """\
import json, pathlib, sys
from airflow.dag_processing.dagbag import BundleDagBag
folder = pathlib.Path(sys.argv[1])
bag = BundleDagBag(dag_folder=folder, bundle_path=folder, bundle_name="dags-folder")
print(json.dumps({
    "errors": bag.import_errors,
    "dags": {name: {
        "schedule": dag.schedule,
        "catchup": dag.catchup,
        "runs": dag.max_active_runs,
        "tasks": {task.task_id: {
            "mapped": task.is_mapped,
            "upstream": sorted(task.upstream_task_ids),
            "pool": task.pool,
            "retries": task.retries,
            "delay": task.retry_delay.total_seconds(),
            "limit": task.execution_timeout and task.execution_timeout.total_seconds(),
            "rule": task.trigger_rule.value,
        } for task in dag.tasks},
    } for name, dag in bag.dags.items()},
}))
"""


def run(program: str, *arguments: str, folder: Path) -> str:
    """Run a program of Airflow's environment; give what it wrote."""
    environment = {
        "PATH": os.defpath,
        "AIRFLOW_HOME": str(folder),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
    }
    command = [str(PROGRAMS / program), *arguments]
    assert (PROGRAMS / program).exists(), f"{program} is not there; run `make test-setup`"
    ended = subprocess.run(command, env=environment, cwd=folder, capture_output=True, text=True, check=False)  # noqa: S603
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout


def test_airflow_loads_the_dags(tmp_path: Path) -> None:
    """A task for each tenant within a pool, tried again after Meltano's lock has ended; the report always comes."""
    found = json.loads(run("python", "-c", READ, str(EXAMPLE / "dags"), folder=tmp_path).splitlines()[-1])
    assert found["errors"] == {}
    schedules = {name: dag["schedule"] for name, dag in found["dags"].items()}
    assert schedules == {"servicetitan": "@hourly", "servicetitan_slow": "@daily"}
    for dag in found["dags"].values():
        assert (dag["catchup"], dag["runs"]) == (False, 2)
        tasks = dag["tasks"]
        assert {name for name, task in tasks.items() if task["mapped"]} == {"load"}
        load, report = tasks["load"], tasks["report_on"]
        assert load["upstream"] == ["make_tables", "tenants"]
        assert (load["pool"], load["retries"]) == ("servicetitan", 2)
        assert load["delay"] > 300
        assert load["limit"] > 0
        assert (report["rule"], report["retries"]) == ("all_done", 0)
        assert "load" in report["upstream"]


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("manifest", sorted(KUBERNETES.glob("*.yaml")), ids=lambda file: file.name)
def test_kubernetes_would_take_the_manifests(manifest: Path, version: str, tmp_path: Path) -> None:
    """Every document is valid, and has no field that is not in the schema."""
    run("kubernetes-validate", "--strict", "--kubernetes-version", version, str(manifest), folder=tmp_path)


def test_a_manifest_that_is_wrong_would_be_seen(tmp_path: Path) -> None:
    """The tool that checks them does check."""
    text = (KUBERNETES / "pod_template.yaml").read_text()
    (tmp_path / "wrong.yaml").write_text(text.replace("restartPolicy:", "restartPolice:"))
    with pytest.raises(AssertionError, match="restartPolice"):
        run("kubernetes-validate", "--strict", "wrong.yaml", folder=tmp_path)


def test_the_pod_gets_what_the_settings_make() -> None:
    """What the template refers to is made by the settings, or named in their comment; the container is Airflow's."""
    pod = yaml.safe_load((KUBERNETES / "pod_template.yaml").read_bytes())
    (container,) = pod["spec"]["containers"]
    assert container["name"] == "base"
    maps: dict[str, Any] = {
        one["metadata"]["name"]: one["data"] for one in yaml.safe_load_all((KUBERNETES / "settings.yaml").read_bytes())
    }
    wanted = {one["configMapRef"]["name"] for one in container["envFrom"] if "configMapRef" in one}
    wanted |= {one["configMap"]["name"] for one in pod["spec"]["volumes"] if "configMap" in one}
    assert wanted == maps.keys()
    assert not [name for name in maps["many-tenants"] if re.search("PASSWORD|SECRET|DATABASE_URI", name)]


def test_the_containerfile_copies_what_is_there() -> None:
    """Each file that it takes from the repository exists, but for the wheel, and is put where the settings say."""
    text = (KUBERNETES / "Containerfile").read_text()
    sources = [source for line in re.findall(r"^COPY (.+) \S+$", text, re.MULTILINE) for source in line.split()]
    assert {source for source in sources if not (ROOT / source).exists()} == {"dist/tap_servicetitan-*.whl"}
    settings = next(yaml.safe_load_all((KUBERNETES / "settings.yaml").read_bytes()))
    template = Path(settings["data"]["AIRFLOW__KUBERNETES_EXECUTOR__POD_TEMPLATE_FILE"])
    assert f"/kubernetes/{template.name} {template.parent}/\n" in text
    airflow = re.search(r"^apache-airflow==(\S+)$", (EXAMPLE / "airflow.txt").read_text(), re.MULTILINE)
    assert airflow
    assert re.search(rf"^FROM apache/airflow:{airflow[1]}-python3\.\d+@sha256:[0-9a-f]{{64}}$", text, re.MULTILINE)
    assert f" apache-airflow=={airflow[1]} " in text
