"""The benchmarks run and say what they measured; how fast anything was is not looked at."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest

from tests.benchmarks import loads
from tests.benchmarks.growth import LIKE_CUSTOMERS
from tests.benchmarks.pages import FEEDS
from tests.benchmarks.throughput import ROWS
from tests.benchmarks.ways import WAYS
from tests.support.paths import ROOT

pytestmark = pytest.mark.checkout


def test_everything_is_measured(subtests: pytest.Subtests) -> None:
    """All benchmarks run in their quick form, once for all that is looked at."""
    tables = measured()
    looks = (see_every_way_and_stream, see_all_feeds, see_growth, see_loads, see_start_up)
    for look in looks:
        with subtests.test(look.__name__):
            look(tables)


def measured() -> dict[str, list[list[str]]]:
    """Run all benchmarks, and read the tables: their rows by title, the columns first."""
    command = [sys.executable, "-m", "tests.benchmarks", "--quick"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, check=False, text=True, timeout=600)
    assert done.returncode == 0, done.stderr
    found = {}
    for part in done.stdout.split("### ")[1:]:
        title, *lines = part.strip().splitlines()
        rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if line]
        found[title] = [row for row in rows if not row[0].startswith("---")]
    return found


def see_every_way_and_stream(tables: dict[str, list[list[str]]]) -> None:
    """The first table has a row for each way and stream, and each has all its rows."""
    columns, *rows = tables["What a row costs"]
    assert [(row[0].split(",")[0], row[1]) for row in rows] == [(one, way.name) for one in ROWS for way in WAYS]
    assert [_number(row[columns.index("rows")]) for row in rows] == [
        way.pages * size // 10 - 1 for size in ROWS.values() for way in WAYS
    ]
    assert all(_number(cell) > 0 for row in rows for cell in row[2:])


def see_all_feeds(tables: dict[str, list[list[str]]]) -> None:
    """The second table counts the requests of all feeds, and one for the access token."""
    columns, *rows = tables[next(title for title in tables if title.startswith(f"{len(FEEDS)} feeds of 3 pages"))]
    assert {row[columns.index("requests")] for row in rows} == {str(3 * len(FEEDS) + 1)}


def see_growth(tables: dict[str, list[list[str]]]) -> None:
    """The third table has three volumes, each four times the one before, for one feed and for eight."""
    columns, *rows = tables[next(title for title in tables if title.startswith("Growth"))]
    found = [_number(row[columns.index("rows")]) for row in rows]
    for volumes in (found[:3], found[3:]):
        assert volumes == [volumes[0], 4 * volumes[0], 16 * volumes[0]]
    assert rows[3][0].startswith(f"{len(LIKE_CUSTOMERS)},")


def see_loads(tables: dict[str, list[list[str]]]) -> None:
    """Each target loads each stream, the tap and the loader run together, and three volumes are loaded."""
    _, *rows = tables["Loading 500 rows from a file"]
    assert [(row[0], row[1]) for row in rows] == [
        (one, name) for one in loads.STREAMS for name in ("this", *loads.OTHERS)
    ]
    _, *rows = tables["Tap and loader together, 500 rows"]
    assert [row[0] for row in rows] == [*loads.STREAMS]
    _, *rows = tables["Loading more and more customers"]
    assert [_number(row[0]) for row in rows] == [500, 500, 1_500]
    assert all(_number(cell) > 0 for row in rows for cell in row)


def see_start_up(tables: dict[str, list[list[str]]]) -> None:
    """The last table has the tap's own commands beside the SDK's import."""
    _, *rows = tables["Start-up"]
    assert [row[0].split()[-1] for row in rows] == ["singer_sdk'", "--about", "--discover"]


def _number(cell: str) -> float:
    assert re.fullmatch(r"[\d,]+(\.\d+)?", cell), cell
    return float(cell.replace(",", ""))
