"""Build the models of the dbt package over the demo's tables."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import IO

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "dbt"
# dbt and the tap want different versions of the same packages, so it has an environment of its own.
DBT = ROOT / ".venv-dbt" / "bin" / "dbt"
SCHEMA = "models"
# The sandbox's tenant keeps no summer time.
VARIABLES = "{servicetitan__timezone: Etc/GMT+5}"


def build(file: Path, folder: Path, output: IO[str]) -> bool:
    """Build all models into the schema `models` of a DuckDB file, and say whether it went well."""
    done = subprocess.run(
        [
            *(DBT, "run", "--project-dir", PACKAGE, "--profiles-dir", PACKAGE, "--target", "duckdb"),
            *("--target-path", folder / "target", "--log-path", folder, "--vars", VARIABLES),
        ],
        env=os.environ | {"SERVICETITAN_DUCKDB": str(file), "DBT_SEND_ANONYMOUS_USAGE_STATS": "false"},
        stdout=output,
        stderr=output,
        check=False,
    )
    return done.returncode == 0
