"""What a row costs: this tap beside other ways to the same lines."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from tests.benchmarks.pages import FEEDS
from tests.benchmarks.process import FailedError, best, measure
from tests.benchmarks.server import Load
from tests.benchmarks.tables import Table
from tests.benchmarks.ways import WAYS

if TYPE_CHECKING:
    from pathlib import Path

    from tests.benchmarks.process import Cost
    from tests.benchmarks.server import Server
    from tests.benchmarks.ways import Way

ROWS = {"customers": 5_000, "jobs": 5_000, "invoices": 1_000}
"""The streams, and how many of their rows make a page of a few megabytes."""

MILLION = 1_000_000

SHORTEST = 0.01
"""Seconds, the unit in which the kernel counts them."""


def table(server: Server, folder: Path, *, quick: bool) -> Table:
    """Measure every way for every stream."""
    found = Table(
        "What a row costs",
        ("stream", "way", "rows", "start, s", "CPU s per million", "rows per CPU s", "ratio", "rows/s", "peak MiB"),
    )
    for stream, rows in ROWS.items():
        size = server.size(Load(rows=rows), FEEDS[stream]) // rows
        costs = _costs(server, folder, stream, rows // 10 if quick else rows, repeat=1 if quick else 3)
        # A quick run may be too short to tell.
        per_row = {way: max(big.cpu - small.cpu, SHORTEST) / more for way, (small, big, more) in costs.items()}
        for way, (small, big, more) in costs.items():
            found.add(
                f"{stream}, {size} bytes",
                way.name,
                f"{more:,}",
                f"{small.cpu:.2f}",
                f"{per_row[way] * MILLION:.1f}",
                f"{1 / per_row[way]:,.0f}",
                f"{per_row[way] / per_row[WAYS[0]]:.2f}",
                f"{more / max(big.wall - small.wall, SHORTEST):,.0f}",
                f"{big.memory:.0f}",
            )
    return found


def _costs(server: Server, folder: Path, stream: str, rows: int, repeat: int) -> dict[Way, tuple[Cost, Cost, int]]:
    """Run each way with one row and with many, turn by turn, and keep the best: others use this machine too."""
    loads = {way: (Load(rows=1, gzip=way.gzip), Load(way.pages, rows, gzip=way.gzip)) for way in WAYS}
    for way, (one, many) in loads.items():
        server.size(many, FEEDS[stream])
        _check(way.command(folder, server.url(one), stream), folder / "output")
    runs: dict[Way, list[tuple[Cost, Cost]]] = {way: [] for way in WAYS}
    for way in [*WAYS] * repeat:
        small, big = (measure(way.command(folder, server.url(load), stream)) for load in loads[way])
        runs[way].append((small, big))
    return {
        way: (best(small for small, _ in found), best(big for _, big in found), way.pages * rows - 1)
        for way, found in runs.items()
    }


def _check(command: list[str], output: Path) -> None:
    """See that a way brings what it is there to bring."""
    measure(command, output)
    found = sum(json.loads(line)["type"] == "RECORD" for line in output.open("rb"))
    if found != 1:
        msg = f"{command}: {found} records came, not 1"
        raise FailedError(msg)
