"""Loading into DuckDB: beside other targets, behind the tap, and with more and more rows."""

from __future__ import annotations

import json
import shlex
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

from tests.benchmarks.messages import PAGE, write_page
from tests.benchmarks.process import measure
from tests.benchmarks.server import Load
from tests.benchmarks.tables import Table
from tests.benchmarks.ways import UNLIMITED, tap
from tests.support.postgres import postgres
from tests.support.targets import target_jsonl, target_postgres

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from tests.benchmarks.process import Cost
    from tests.benchmarks.server import Server

STREAMS = ("customers", "jobs", "invoice_items")
OTHERS = ("target-jsonl", "meltanolabs-target-postgres")

PAGES = 40
"""For the comparison: 200,000 rows."""

VOLUMES = (20, 200, 600)
"""Pages: up to three million rows."""


def beside_others(server: Server, folder: Path, *, quick: bool) -> Table:
    """Load the same file with each target, one after the other."""
    load = _load_of(PAGES, quick=quick)
    rows = load.pages * load.rows
    found = Table(
        f"Loading {rows:,} rows from a file",
        ("stream", "target", "wall s", "CPU s", "rows/s", "wall, ratio", "CPU, ratio", "peak MiB"),
    )
    with postgres() as database:
        others = {
            "target-jsonl": (target_jsonl(), {"destination_path": str(folder / "jsonl"), "do_timestamp_file": False}),
            # As meltano.yml has it.
            "meltanolabs-target-postgres": (
                target_postgres(),
                {
                    **database,
                    "validate_records": False,
                    "batch_size_rows": 50_000,
                    "sanitize_null_text_characters": True,
                },
            ),
        }
        for stream in STREAMS:
            source = folder / "messages.singer"
            with source.open("wb") as lines:
                subprocess.run(_messages(server, folder, stream, load), stdout=lines, check=True)
            costs = {"this": _load(loader(folder), source)}
            for name, (program, settings) in others.items():
                (folder / "jsonl").mkdir(exist_ok=True)
                costs[name] = _load([str(program), "--config", _config(folder, settings)], source)
                shutil.rmtree(folder / "jsonl")
            for name, cost in costs.items():
                found.add(
                    stream,
                    name,
                    f"{cost.wall:.1f}",
                    f"{cost.cpu:.1f}",
                    f"{rows / cost.wall:,.0f}",
                    f"{cost.wall / costs['this'].wall:.2f}",
                    f"{cost.cpu / costs['this'].cpu:.2f}",
                    f"{cost.memory:.0f}",
                )
    return found


def behind_the_tap(server: Server, folder: Path, *, quick: bool) -> Table:
    """Run the tap into the loader, from a server that answers from memory."""
    load = _load_of(PAGES, quick=quick)
    rows = load.pages * load.rows
    found = Table(f"Tap and loader together, {rows:,} rows", ("stream", "wall s", "CPU s", "rows/s", "rows per CPU s"))
    for stream in STREAMS:
        reading = shlex.join(tap(folder, server.url(load), [stream], **UNLIMITED))
        cost = measure(["sh", "-c", f"{reading} | {shlex.join(loader(folder))}"])
        rates = (f"{rows / seconds:,.0f}" for seconds in (cost.wall, cost.cpu))
        found.add(stream, f"{cost.wall:.1f}", f"{cost.cpu:.1f}", *rates)
    return found


def growing(server: Server, folder: Path, *, quick: bool) -> Table:
    """Load more and more rows."""
    found = Table("Loading more and more customers", ("rows", "wall s", "CPU s", "rows/s", "peak MiB"))
    for load in [_load_of(pages, quick=quick) for pages in VOLUMES]:
        with subprocess.Popen(_messages(server, folder, "customers", load), stdout=subprocess.PIPE) as messages:
            cost = measure(loader(folder), source=messages.stdout)
        rows = load.pages * load.rows
        found.add(f"{rows:,}", f"{cost.wall:.1f}", f"{cost.cpu:.1f}", f"{rows / cost.wall:,.0f}", f"{cost.memory:.0f}")
    return found


def loader(folder: Path) -> list[str]:
    """Write the command of the loader, into a file that is not there yet."""
    for file in folder.glob("out.duckdb*"):
        file.unlink()
    return [sys.executable, "-m", "tap_servicetitan.duckdb", "--path", str(folder / "out.duckdb")]


def _load_of(pages: int, *, quick: bool) -> Load:
    """Make a load of so many pages; a quick one has a few rows."""
    return Load(max(1, pages // 200), 500) if quick else Load(pages, PAGE)


def _messages(server: Server, folder: Path, stream: str, load: Load) -> list[str]:
    """Write the command that writes so many pages of messages."""
    page = folder / "page.singer"
    write_page(tap(folder, server.url(Load(1, load.rows)), [stream], **UNLIMITED), page)
    return [sys.executable, "-m", "tests.benchmarks.messages", str(page), str(load.pages)]


def _load(command: Sequence[str], file: Path) -> Cost:
    with file.open("rb") as source:
        return measure(command, source=source)


def _config(folder: Path, settings: Mapping[str, object]) -> str:
    file = folder / "target.json"
    file.write_text(json.dumps(settings), encoding="utf-8")
    return str(file)
