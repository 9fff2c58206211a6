"""The models agree with the reports that the sandbox computes by its own code, and find errors that are planted."""

from __future__ import annotations

import contextlib
import json
import shutil
import subprocess
import sys
from collections import Counter
from typing import TYPE_CHECKING

import pytest

from examples.dashboard import questions
from tap_servicetitan.catalog.report_presets import BY_NAME
from tap_servicetitan.sandbox.server import Sandbox, serve
from tests.dbt.planted import ERRORS, NO_ERROR, plant
from tests.dbt.support import OPTIONAL, PACKAGE, InDuckdb, InPostgres, shown, streams
from tests.support.postgres import postgres

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.checkout

DAYS = 24 * 60 * 60
AT, LATER = "2026-11-02T12:00:00Z", "2026-11-12T12:00:00Z"
# The sandbox's tenant keeps no summer time.
VARIABLES = {"timezone": "Etc/GMT+5", "today": "2026-11-12", "using_reports": True}
FIRST = "first.duckdb"
# Of many days, for the sake of fewer runs, and all of them again in each run.
WINDOW = {"days": 28, "look_back_days": 400}


def sync(sandbox: Sandbox, file: Path) -> None:
    """Load what the models read, and the reports."""
    reports = [{"preset": preset, "start": "2026-04-01", "window": WINDOW} for preset in BY_NAME]
    settings = {"custom_reports": reports, "report_runs_per_minute": 1000, "requests_per_second": 1000}
    # The reports know what changed in the last minutes, so the tables have to.
    settings |= {"include_recent_changes": True}
    config = file.with_name("config.json")
    config.write_text(json.dumps(sandbox.config | settings))
    program = [sys.executable, "-m", "tap_servicetitan.cli.sync", "--config", str(config)]
    done = subprocess.run(  # noqa: S603 - our own command
        [*program, "--select", *_loaded(), str(file)],
        check=False,
        capture_output=True,
        encoding="utf-8",
        timeout=600,
    )
    assert done.returncode == 0, done.stderr[-6000:]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Iterator[InDuckdb]:
    """Load the demo's tenant and build the models; let ten days pass, load what changed, and build the increment."""
    file = tmp_path_factory.mktemp("agreement") / "servicetitan.duckdb"
    warehouse = InDuckdb.at(file, **VARIABLES)
    with serve(seed=1, scale=0.1, at=AT, report_interval=0) as sandbox:
        sync(sandbox, file)
        warehouse.build()
        shutil.copy(file, file.with_name(FIRST))
        sandbox.advance(10 * DAYS)
        sync(sandbox, file)
        warehouse.build()
        yield warehouse


def test_the_models_agree(built: InDuckdb) -> None:
    """Each mart has the figures of ServiceTitan's own reports, to the cent and to the count."""
    results = json.loads((built.folder / "target" / "run_results.json").read_text())["results"]
    passed = {one["unique_id"].split(".")[2] for one in results if one["status"] == "pass"}
    agreements = {path.stem for path in (PACKAGE / "tests" / "agreement").glob("*.sql")}
    assert len(agreements) > 8
    assert agreements <= passed
    assert built.query("SELECT count(*) FROM servicetitan__jobs WHERE is_completed")[0][0] > 350


def test_an_increment_is_what_a_full_build_is(built: InDuckdb) -> None:
    """All rows of all marts are the same when they are built anew."""
    marts = _marts(built)
    increment = {mart: built.query(f"FROM {mart} ORDER BY ALL") for mart in marts}
    built.run("--full-refresh")
    for mart in marts:
        assert built.query(f"FROM {mart} ORDER BY ALL") == increment[mart], mart


def test_the_figures_are_the_same_on_postgresql(built: InDuckdb) -> None:
    """The first build and the increment pass there too, and give the same rows."""
    variables = {name: VARIABLES[name] for name in ("timezone", "today")}
    with postgres() as server:
        warehouse = InPostgres.at(server, built.folder / "postgres", **variables)
        warehouse.folder.mkdir()
        warehouse.load({})
        for file in (built.folder / FIRST, built.file):
            warehouse.copy(file)
            warehouse.build()
        for mart in _marts(built):
            columns = ", ".join(row[0] for row in built.query(f"DESCRIBE {mart}"))
            sql = f"SELECT {columns} FROM {mart}"  # noqa: S608 - of the models
            there, here = (Counter(tuple(map(shown, row)) for row in one.query(sql)) for one in (warehouse, built))
            assert there == here, mart


def test_a_table_that_is_missing_is_named(built: InDuckdb, tmp_path: Path) -> None:
    """The error says what to do."""
    with _restored(built, tmp_path):
        built.query("DROP TABLE calls", "main")
        failed = built.dbt("compile", "--select", "stg_servicetitan__calls")
    assert failed.returncode != 0
    assert "load the stream calls, or set servicetitan__using_calls to false" in failed.stdout


def test_planted_errors_are_found(built: InDuckdb, tmp_path: Path) -> None:
    """A row that is not what ServiceTitan has fails the tests whose figures it is part of, as does a missing report."""
    with _restored(built, tmp_path):
        plant(built.file, _loaded(), LATER)
        built.query("DELETE FROM technician_memberships", "main")
        # All of them: views have to learn that there are tenants now.
        built.run()
        failed = built.failures("--select", "tag:agreement", "--store-failures")
        found: dict[str, set[str]] = {name: set() for name in (NO_ERROR, *ERRORS)}
        for test in failed:
            if test.startswith("agreement_"):
                for (tenant,) in built.query(f"FROM {test} SELECT DISTINCT tenant_id", "models_dbt_test__audit"):
                    found[tenant].add(test)
    assert "has_rows_stg_servicetitan__report_171_" in failed
    assert found[NO_ERROR] == set()
    wanted = {name: error.found_by for name, error in ERRORS.items()}
    assert {name: found[name] & wanted[name] for name in ERRORS} == wanted


def test_what_the_demo_and_the_dashboard_ask_has_answers(built: InDuckdb) -> None:
    """Each question has rows, and the months add up to what the mart has."""
    months = built.query(questions.BY_MONTH)
    assert (
        sum(month[1] for month in months) == built.query("SELECT sum(total_revenue) FROM servicetitan__revenue")[0][0]
    )
    assert all(0 < rate < 1 for month in months for rate in month[2:4])
    for name in ("REVENUE_BY_UNIT", "TECHNICIANS", "RECEIVABLES"):
        assert len(built.query(getattr(questions, name))) > 5


@contextlib.contextmanager
def _restored(warehouse: InDuckdb, folder: Path) -> Iterator[None]:
    """Have the file as it was afterwards: for a file elsewhere, dbt would parse everything again."""
    shutil.copy(warehouse.file, folder / "saved.duckdb")
    yield
    shutil.copy(folder / "saved.duckdb", warehouse.file)


def _loaded() -> list[str]:
    """List the tables that are loaded."""
    return [*(stream for stream in streams() if stream not in OPTIONAL), *BY_NAME]


def _marts(built: InDuckdb) -> list[str]:
    """List the tables that were built."""
    marts = [name for (name,) in built.query("SELECT table_name FROM duckdb_tables() WHERE schema_name = 'models'")]
    assert len(marts) > 10
    return marts
