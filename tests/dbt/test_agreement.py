"""The models agree with the reports that the sandbox computes by its own code."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tap_servicetitan.catalog.report_presets import BY_NAME
from tap_servicetitan.sandbox.server import Sandbox, serve
from tests.dbt.support import InDuckdb

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.checkout

DAYS = 24 * 60 * 60
AT = "2026-11-02T12:00:00Z"
# The sandbox's tenant keeps no summer time.
VARIABLES = {"timezone": "Etc/GMT+5", "today": "2026-11-12", "using_reports": True}
# Of many days, for the sake of fewer runs, and all of them again in each run.
WINDOW = {"days": 28, "look_back_days": 400}


def sync(sandbox: Sandbox, file: Path) -> None:
    """Load what the sandbox has, and its reports."""
    reports = [{"preset": preset, "start": "2026-04-01", "window": WINDOW} for preset in BY_NAME]
    settings = {"custom_reports": reports, "report_runs_per_minute": 1000, "requests_per_second": 1000}
    # The reports know what changed in the last minutes, so the tables have to.
    settings |= {"include_recent_changes": True}
    config = file.with_name("config.json")
    config.write_text(json.dumps(sandbox.config | settings))
    subprocess.run(  # noqa: S603 - our own command
        [sys.executable, "-m", "tap_servicetitan.cli.sync", "--config", config, file],
        check=True,
        capture_output=True,
        timeout=600,
    )


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Iterator[InDuckdb]:
    """Load a tenant and build the models; let ten days pass, load what changed, and build the increment."""
    file = tmp_path_factory.mktemp("agreement") / "servicetitan.duckdb"
    warehouse = InDuckdb.at(file, **VARIABLES)
    with serve(seed=1, scale=0.1, at=AT, report_interval=0) as sandbox:
        sync(sandbox, file)
        warehouse.build(today="2026-11-02")
        sandbox.advance(10 * DAYS)
        sync(sandbox, file)
        warehouse.build()
        yield warehouse


def test_the_models_agree(built: InDuckdb) -> None:
    """Each mart has the figures of ServiceTitan's own reports, to the cent and to the count."""
    assert built.failures("--select", "tag:agreement") == set()
    assert built.query("SELECT count(*) FROM servicetitan__jobs WHERE is_completed")[0][0] > 350
