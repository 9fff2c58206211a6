"""Measure everything, and print it: ``python -m tests.benchmarks``, or with ``--quick`` of few rows."""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

from tests.benchmarks import feeds, growth, loads, startup, throughput
from tests.benchmarks.server import running


def main() -> None:
    """Print one table after the other."""
    options = argparse.ArgumentParser(prog="python -m tests.benchmarks", description="Measure how fast the tap is.")
    options.add_argument("--quick", action="store_true", help="few rows and single runs: see that it works, not more")
    options.add_argument("--loads", action="store_true", help="just those of the DuckDB loader")
    given = options.parse_args()
    quick: bool = given.quick
    ways = [] if given.loads else [throughput.table, feeds.table, growth.table]
    with tempfile.TemporaryDirectory() as name, running() as server:
        folder = Path(name)
        for table in (*ways, loads.behind_the_tap, loads.beside_others, loads.growing):
            _show(table(server, folder, quick=quick))
        if not given.loads:
            _show(startup.table(folder, quick=quick))


def _show(table: object) -> None:
    print(table, end="\n\n", flush=True)  # noqa: T201 - the output is what it is for


if __name__ == "__main__":
    main()
