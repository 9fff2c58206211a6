"""How long the tap takes before it does anything."""

from __future__ import annotations

import statistics
import sys
from typing import TYPE_CHECKING

from tests.benchmarks.process import measure
from tests.benchmarks.tables import Table
from tests.benchmarks.ways import tap

if TYPE_CHECKING:
    from pathlib import Path


def table(folder: Path, *, quick: bool) -> Table:
    """Measure the commands that ask the API for nothing, beside the SDK's mere import."""
    # Its command line without the catalog.
    command = tap(folder, "http://127.0.0.1", [])[:-2]
    commands = {
        "python -c 'import singer_sdk'": [sys.executable, "-c", "import singer_sdk"],
        "tap-servicetitan --about": [*command, "--about"],
        "tap-servicetitan --discover": [*command, "--discover"],
    }
    runs = [{name: measure(command) for name, command in commands.items()} for _ in range(1 if quick else 15)]
    found = Table("Start-up", ("command", "runs", "CPU s, least", "CPU s, median", "wall s, least", "wall s, median"))
    for name in commands:
        cpus, walls = [one[name].cpu for one in runs], [one[name].wall for one in runs]
        found.add(
            name,
            str(len(runs)),
            *(f"{of(values):.2f}" for values in (cpus, walls) for of in (min, statistics.median)),
        )
    return found
