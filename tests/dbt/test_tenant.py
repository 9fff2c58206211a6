"""A tenant made by hand gives the figures that were worked out on paper, on DuckDB and on PostgreSQL."""

from __future__ import annotations

import json
from collections import defaultdict
from typing import TYPE_CHECKING

import pytest

from tests.dbt import tenant
from tests.dbt.figures import FIGURES
from tests.dbt.support import InDuckdb, InPostgres, messages, shown
from tests.duckdb.support import load
from tests.support.postgres import postgres

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.checkout

VARIABLES = {"timezone": tenant.ZONE, "today": tenant.TODAY}
# In DuckDB two tenants share tables and ids, in PostgreSQL there is one and no column that says so.
SCHEMAS = {"duckdb": ("only_a", "only_b"), "postgres": ("models",)}


@pytest.fixture(scope="module", params=SCHEMAS)
def warehouse(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[InDuckdb | InPostgres]:
    """Build all models over the tenant."""
    folder = tmp_path_factory.mktemp(request.param)
    if request.param == "duckdb":
        shared = InDuckdb.at(folder / "tenants.duckdb", **VARIABLES)
        for schema in SCHEMAS["duckdb"]:
            load(folder / "tenants.duckdb", messages(tenant.ROWS, schema))
        shared.build()
        _keep_apart(shared)
        yield shared
    else:
        with postgres() as server:
            alone = InPostgres.at(server, folder, **VARIABLES)
            alone.load(tenant.ROWS)
            alone.build()
            yield alone


def _keep_apart(warehouse: InDuckdb) -> None:
    """Give each tenant a schema of its own, with its rows of each mart."""
    tables = warehouse.query("SELECT table_name FROM duckdb_tables() WHERE schema_name = 'models'")
    for schema in SCHEMAS["duckdb"]:
        warehouse.query(f"CREATE SCHEMA {schema}")
        for (table,) in tables:
            warehouse.query(f"CREATE VIEW {table} AS FROM models.{table} WHERE tenant_id = '{schema}'", schema)


@pytest.mark.parametrize("mart", FIGURES)
def test_figures_are_those_worked_out_on_paper(warehouse: InDuckdb | InPostgres, mart: str) -> None:
    """Each mart, row by row."""
    sql, wanted = FIGURES[mart]
    for schema in SCHEMAS[warehouse.target]:
        assert [tuple(map(shown, row)) for row in warehouse.query(sql, schema)] == wanted


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
