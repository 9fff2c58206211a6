"""A tenant made by hand gives the figures that were worked out on paper, on DuckDB and on PostgreSQL."""

from __future__ import annotations

import datetime as dt
import json
import subprocess
import tomllib
from collections import defaultdict
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from tests.dbt import tenant
from tests.dbt.figures import FIGURES
from tests.dbt.support import PACKAGE, PROGRAM, InDuckdb, InPostgres, handmade_in_duckdb, handmade_in_postgres, messages
from tests.duckdb.support import load
from tests.support.paths import ROOT
from tests.support.postgres import postgres

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.checkout


@pytest.fixture(scope="module", params=["duckdb", "postgres"])
def warehouse(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[InDuckdb | InPostgres]:
    """Build all models over the tenant, and again, as an increment."""
    folder = tmp_path_factory.mktemp(request.param)
    if request.param == "duckdb":
        found: InDuckdb | InPostgres = handmade_in_duckdb(folder)
        _build_twice(found)
        yield found
    else:
        with postgres() as server:
            found = handmade_in_postgres(folder, server)
            _build_twice(found)
            yield found


def _build_twice(warehouse: InDuckdb | InPostgres) -> None:
    warehouse.build()
    warehouse.build("--select", "config.materialized:incremental+")


def shown(value: Any) -> Any:  # noqa: ANN401 - any value of a database
    """Write a value as the table of figures does."""
    if isinstance(value, dt.date):
        return value.isoformat()
    return round(float(value), 6) if isinstance(value, Decimal | float) else value


@pytest.mark.parametrize("mart", FIGURES)
def test_figures_are_those_worked_out_on_paper(warehouse: InDuckdb | InPostgres, mart: str) -> None:
    """Each mart, row by row."""
    sql, wanted = FIGURES[mart]
    assert [tuple(map(shown, row)) for row in warehouse.query(sql)] == wanted


def test_all_columns_are_described(warehouse: InDuckdb | InPostgres) -> None:
    """Each model and each of its columns has a description, and no description is of a column that is gone."""
    models = json.loads((warehouse.folder / "target" / "manifest.json").read_text())["nodes"].values()
    described = {
        model["name"]: {name for name, column in model["columns"].items() if column["description"]}
        for model in models
        if model["resource_type"] == "model" and model["description"]
    }
    there: dict[str, set[str]] = defaultdict(set)
    sql = "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = 'models'"
    for table, column in warehouse.query(sql):
        there[table].add(column)
    assert described == there


def test_the_package_can_be_installed(tmp_path: Path) -> None:
    """A project that names the package in its packages.yml has the models, and the package has the tap's version."""
    (tmp_path / "dbt_project.yml").write_text("{name: own, version: 1.0.0, profile: servicetitan}")
    (tmp_path / "packages.yml").write_text(json.dumps({"packages": [{"local": str(PACKAGE)}]}))
    for step in (["deps"], ["ls", "--resource-type", "model", "--output", "name"]):
        done = subprocess.run(  # noqa: S603 - dbt
            [PROGRAM, *step, "--profiles-dir", PACKAGE],
            cwd=tmp_path, capture_output=True, check=True, encoding="utf-8", timeout=300,
        )  # fmt: skip
    assert {f"servicetitan__{mart.replace(' ', '_')}" for mart in FIGURES} <= {*done.stdout.split()}
    project = yaml.safe_load((PACKAGE / "dbt_project.yml").read_text())
    assert project["version"] == tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]


def test_tenants_keep_apart(tmp_path: Path) -> None:
    """Where two tenants share tables and ids, each has the figures that it has alone."""
    file = tmp_path / "tenants.duckdb"
    for name in ("a", "b"):
        load(file, messages(tenant.ROWS, name))
    warehouse = InDuckdb.at(file, timezone=tenant.ZONE, today=tenant.TODAY)
    warehouse.build()
    marts = [name for (name,) in warehouse.query("SELECT table_name FROM duckdb_tables() WHERE schema_name = 'models'")]
    for name in ("a", "b"):
        warehouse.query(f"CREATE SCHEMA only_{name}")
        for mart in marts:
            warehouse.query(f"CREATE VIEW {mart} AS FROM models.{mart} WHERE tenant_id = '{name}'", f"only_{name}")
        for sql, wanted in FIGURES.values():
            assert [tuple(map(shown, row)) for row in warehouse.query(sql, f"only_{name}")] == wanted


def test_modules_can_be_switched_off(tmp_path: Path) -> None:
    """Without the tables of a module the error says what to do, and with the switch the rest is built."""
    used = ("calls", "estimates", "inventory", "marketing", "memberships", "payroll")
    file = tmp_path / "modules.duckdb"
    load(file, messages(tenant.ROWS))
    warehouse = InDuckdb.at(file, timezone=tenant.ZONE, today=tenant.TODAY)
    for table in ("calls", "estimates", "purchase_orders", "campaigns", "memberships", "gross_pay_items"):
        warehouse.query(f"DROP TABLE {table}", "main")
    failed = warehouse.dbt("build", "--select", "stg_servicetitan__calls")
    assert failed.returncode == 1
    assert "load the stream calls, or set servicetitan__using_calls to false" in failed.stdout
    warehouse.build(**{f"using_{module}": False for module in used})
    sql, wanted = FIGURES["revenue"]
    assert [tuple(map(shown, row)) for row in warehouse.query(sql)] == wanted
    assert (
        warehouse.query("SELECT job_id FROM servicetitan__job_costing WHERE labor_cost + purchase_order_cost <> 0")
        == []
    )
