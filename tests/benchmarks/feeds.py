"""How long all feeds take when each answer takes its time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.benchmarks.pages import FEEDS
from tests.benchmarks.process import measure
from tests.benchmarks.server import Load
from tests.benchmarks.tables import Table
from tests.benchmarks.ways import tap

if TYPE_CHECKING:
    from pathlib import Path

    from tests.benchmarks.server import Server

PAGES = 3


def table(server: Server, folder: Path, *, quick: bool) -> Table:
    """Measure a run of all feeds for some settings of `concurrency`."""
    load = Load(PAGES, rows=20, milliseconds=20 if quick else 200)
    # One more for the access token.
    requests = PAGES * len(FEEDS) + 1
    latency = requests * load.milliseconds / 1000
    for path in FEEDS.values():
        server.size(Load(PAGES, rows=20), path)
    found = Table(
        f"{len(FEEDS)} feeds of {PAGES} pages, {load.milliseconds} ms for each answer",
        (
            "concurrency",
            "requests",
            "latencies in all, s",
            "wall s",
            "from first request to last answer",
            "of latencies",
        ),
    )
    for concurrency in (8,) if quick else (1, 4, 8, 16):
        server.span()
        wall = measure(tap(folder, server.url(load), FEEDS, concurrency=concurrency)).wall
        span = server.span()
        found.add(
            str(concurrency),
            str(requests),
            f"{latency:.1f}",
            f"{wall:.2f}",
            f"{span:.2f}",
            f"{span / latency:.3f}",
        )
    return found
