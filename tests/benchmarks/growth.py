"""What becomes of time and memory as there is more to read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.benchmarks.pages import FEEDS
from tests.benchmarks.process import measure
from tests.benchmarks.server import Load
from tests.benchmarks.tables import Table
from tests.benchmarks.ways import UNLIMITED, tap

if TYPE_CHECKING:
    from pathlib import Path

    from tests.benchmarks.server import Server

ROWS = 5_000
"""In each page: the most that other endpoints of the API give."""

LIKE_CUSTOMERS = (
    "customers",
    "locations",
    "bookings",
    "leads",
    "projects",
    "installed_equipment",
    "calls",
    "activities",
)
"""Feeds whose rows are about as large as a customer."""

MILLION = 1_000_000


def table(server: Server, folder: Path, *, quick: bool) -> Table:
    """Measure one feed and eight at once, in three volumes."""
    found = Table(
        f"Growth, concurrency 8, pages of {50 if quick else ROWS:,} rows",
        ("feeds", "volume", "rows", "CPU s", "CPU s per million", "wall s", "peak MiB"),
    )
    for streams, pages in ((LIKE_CUSTOMERS[:1], 4), (LIKE_CUSTOMERS, 2)):
        # All eight wait for their answers together, so that these come together.
        load = Load(1, 50 if quick else ROWS, milliseconds=0 if len(streams) == 1 else 100)
        sizes = [server.size(load, FEEDS[stream]) for stream in streams]
        start = measure(tap(folder, server.url(Load(rows=1)), streams, **UNLIMITED))
        for times in (1, 4, 16):
            more = Load(pages * times, load.rows, load.milliseconds)
            cost = measure(tap(folder, server.url(more), streams, **UNLIMITED))
            rows = more.pages * more.rows * len(streams)
            found.add(
                f"{len(streams)}, {sum(sizes) // len(sizes) // load.rows} bytes a row",
                f"x{times}",
                f"{rows:,}",
                f"{cost.cpu - start.cpu:.2f}",
                f"{(cost.cpu - start.cpu) / rows * MILLION:.1f}",
                f"{cost.wall - start.wall:.1f}",
                f"{cost.memory:.0f}",
            )
    return found
