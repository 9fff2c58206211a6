"""The package as a project of its users has it: installed from git, with modules switched off."""

from __future__ import annotations

import dataclasses
import json
import re
import shutil
import subprocess
import tomllib
from typing import TYPE_CHECKING

import pytest
import yaml

from tests.dbt import tenant
from tests.dbt.figures import FIGURES
from tests.dbt.support import PACKAGE, InDuckdb, messages, shown
from tests.duckdb.support import load
from tests.support.paths import ROOT

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.checkout

MODULES = {
    "calls": "calls",
    "estimates": "estimates",
    "inventory": "purchase_orders",
    "marketing": "campaigns",
    "memberships": "memberships",
    "payroll": "gross_pay_items",
}
"""A table of each module."""
VERSION = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]


def test_the_package_has_the_version_of_the_tap() -> None:
    """One tag is of both."""
    assert yaml.safe_load((PACKAGE / "dbt_project.yml").read_text())["version"] == VERSION


def test_a_project_installs_the_package_and_switches_modules_off(tmp_path: Path) -> None:
    """What the README says for packages.yml works, and what has no tables is not built."""
    project, repository = tmp_path / "own", tmp_path / "repository"
    _tagged_repository(repository)
    project.mkdir()
    (project / "dbt_project.yml").write_text("{name: own, version: 1.0.0, profile: servicetitan}")
    (project / "packages.yml").write_text(json.dumps(_documented_packages(f"file://{repository}")))
    file = tmp_path / "modules.duckdb"
    load(file, messages(tenant.ROWS))
    variables = {"timezone": tenant.ZONE, "today": tenant.TODAY} | {f"using_{module}": False for module in MODULES}
    warehouse = dataclasses.replace(InDuckdb.at(file, **variables), project=project)
    for table in MODULES.values():
        warehouse.query(f"DROP TABLE {table}", "main")
    done = warehouse.dbt("deps")
    assert done.returncode == 0, done.stdout
    warehouse.build()
    sql, wanted = FIGURES["revenue"]
    assert [tuple(map(shown, row)) for row in warehouse.query(sql)] == wanted
    costs = "FROM servicetitan__job_costing WHERE labor_cost + purchase_order_cost <> 0"
    assert warehouse.query(costs) == []


def _tagged_repository(folder: Path) -> None:
    """Commit the package as it is here, and tag it as a release does."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "dbt"],  # noqa: S607
        cwd=ROOT, check=True, capture_output=True, encoding="utf-8",
    )  # fmt: skip
    for name in filter(None, listed.stdout.split("\0")):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, folder / name)
    identity = ["-c", "user.name=test", "-c", "user.email=test@example.com"]
    for step in (
        ["init", "--quiet"],
        ["add", "."],
        [*identity, "commit", "--quiet", "-m", "all"],
        ["tag", f"v{VERSION}"],
    ):
        subprocess.run(["git", *step], cwd=folder, check=True)  # noqa: S603, S607


def _documented_packages(address: str) -> dict[str, object]:
    """Read packages.yml off the README, with another address in it."""
    blocks = re.findall(r"```yaml\n(packages:\n.+?)```", (PACKAGE / "README.md").read_text(), re.DOTALL)
    (block,) = (yaml.safe_load(block) for block in blocks)
    (package,) = block["packages"]
    assert package["git"].startswith("<")
    return {"packages": [package | {"git": address}]}
