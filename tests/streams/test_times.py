"""Every time leaves in UTC with Z, of rows and of reports."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from tap_servicetitan.catalog.endpoints import ENDPOINTS
from tap_servicetitan.sandbox.server import Sandbox, serve
from tests.support import reporting
from tests.support.running import catalog_of, run

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.running import Output

UTC = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")
DAY = re.compile(r"\d{4}-\d\d-\d\d")


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    """Run a small tenant."""
    with serve(scale=0.01) as running:
        running.config["requests_per_second"] = 10_000
        yield running


def moments(schema: Any, value: Any) -> Iterator[tuple[str, str]]:  # noqa: ANN401 - any JSON value
    """Give all dates and times in a value, each with what is declared."""
    if isinstance(value, dict):
        for name, one in value.items():
            yield from moments(schema.get("properties", {}).get(name, {}), one)
    elif isinstance(value, list):
        for one in value:
            yield from moments(schema.get("items", {}), one)
    elif isinstance(value, str) and "format" in schema:
        yield schema["format"], value


def check(output: Output) -> int:
    """See that all dates and times of an output are written as they should be, and count the times."""
    assert output.error is None
    schemas = {one["stream"]: one["schema"] for one in output.messages if one["type"] == "SCHEMA"}
    found = [
        (stream, *one)
        for stream, rows in output.records.items()
        for row in rows
        for one in moments(schemas[stream], row)
    ]
    wrong = [one for one in found if not {"date-time": UTC, "date": DAY}[one[1]].fullmatch(one[2])]
    assert wrong == []
    return sum(kind == "date-time" for _, kind, _ in found)


@pytest.mark.parametrize("way", ["as they came", "through a map"])
def test_every_time_of_every_stream(sandbox: Sandbox, way: str) -> None:
    """Some rows of the most common streams have times in another zone, in none, or the one that stands for none."""
    odd = ["2026-01-01T00:00:00-05:00", "2026-01-01T00:00:00", "0001-01-01T00:00:00Z"]
    for stream in ("jobs", "invoices", "customers", "estimates", "calls"):
        for number, text in enumerate(odd):
            sandbox.touch(stream, 1, values={"createdOn": text} if number else {"createdOn": text, "memo": text})
    sandbox.advance(16 * 60)
    names = [row.name for row in ENDPOINTS]
    config = sandbox.config | {"deleted_column": True}
    if way == "through a map":
        config["stream_maps"] = {name: {"_by": "'map'"} for name in names}
    assert check(run(config, catalog=catalog_of(*names))) > 1_000


def test_every_time_of_reports(sandbox: Sandbox) -> None:
    """A plain date is a date, and a time of the day is in UTC."""
    entries = reporting.TECHNICIANS, reporting.jobs()
    assert check(reporting.read(reporting.config(sandbox, *entries), "scorecard", "job_report")) > 1
