"""Each oddity in every field of every stream, and in every column of a report: all rows come, and fit their schema."""

from __future__ import annotations

import json
import logging
import re
from collections import Counter
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from singer_sdk.typing import DEFAULT_JSONSCHEMA_VALIDATOR

from tap_servicetitan.catalog.endpoints import BY_NAME
from tap_servicetitan.sandbox.reporting import definitions
from tap_servicetitan.sandbox.reporting.sources import SOURCES
from tap_servicetitan.sandbox.server import Sandbox, serve
from tests.campaigns import reports
from tests.streams.test_singer import format_checker
from tests.support import few, reporting
from tests.support.oddities import KINDS, ODDITIES, spoilt_stream, spoilt_values
from tests.support.running import Message, Output, run

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

pytestmark = pytest.mark.long

STREAMS = sorted(BY_NAME)
SHARED = {url for url, count in Counter(row.url for row in BY_NAME.values()).items() if count > 1}
"""What several streams are read from."""

FIRST_MIDNIGHT = "0001-01-01T00:00:00Z"
"""Stands for none, and is null."""

MOST_VALIDATED = 25
"""Records of a stream: the odd values are the same in all of them."""


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    """Run a tenant that has a few rows of everything."""
    with serve(seed=1, scale=0.002, page_size=500) as running:
        # Windows begin at the start date: of ten years, most would be empty.
        running.config |= {"requests_per_second": 10_000, "start_date": "2026-08-01"}
        yield running


@pytest.fixture(scope="module")
def usual(sandbox: Sandbox) -> dict[str, int]:
    """Read the tenant as it is, and count the records of each stream."""
    return run(sandbox.config, *STREAMS).counts


def spoil(sandbox: Sandbox, oddity: Mapping[str, Any]) -> None:
    """Let an oddity come in all fields of all streams but those that decide which rows there are."""
    spoilt_streams = 0
    for stream in BY_NAME:
        if fields := spoilt_stream(stream, oddity):
            sandbox.fault("extra-field", stream, times=100_000, fields=fields)
            spoilt_streams += 1
    assert spoilt_streams > len(STREAMS) // 5


def assert_valid(output: Output) -> None:
    """Validate records against the schema that was sent before them, as a target reads both."""
    validators = {}
    seen: Counter[str] = Counter()
    for line in output.raw.splitlines():
        message: Message = json.loads(line)
        if message["type"] == "SCHEMA":
            validators[message["stream"]] = DEFAULT_JSONSCHEMA_VALIDATOR(
                message["schema"], format_checker=format_checker()
            )
        elif message["type"] == "RECORD" and seen[message["stream"]] < MOST_VALIDATED:
            seen[message["stream"]] += 1
            validators[message["stream"]].validate(message["record"])


@pytest.mark.parametrize("name", ODDITIES)
def test_an_oddity_costs_no_row(
    sandbox: Sandbox, usual: dict[str, int], caplog: pytest.LogCaptureFixture, name: str
) -> None:
    """Every stream brings as many records as ever, all of them valid, and each field is spoken of once at most."""
    spoil(sandbox, ODDITIES[name])
    try:
        with caplog.at_level(logging.INFO):
            output = run(sandbox.config, *STREAMS)
    finally:
        sandbox.clear_faults()
    assert output.error is None, output.error
    assert_valid(output)
    assert output.counts == usual
    warnings = Counter(one.message for one in caplog.records if one.levelno >= logging.WARNING)
    assert max(warnings.values(), default=1) == 1, warnings.most_common(3)
    for field in ODDITIES[name].get("undeclared", ()):
        for stream in usual:
            # A bare value has no fields, and of a body that streams share, the field is that of one of them.
            if BY_NAME[stream].scalar or BY_NAME[stream].url in SHARED:
                continue
            told = [one for one in warnings if {field, stream} <= {*re.findall(r"\w+", one)}]
            assert len(told) == 1, (stream, told)


IN_REPORTS = [name for name, oddity in ODDITIES.items() if oddity.keys() & {*KINDS.values()}]
"""The oddities of values that a report's columns may have."""


@pytest.mark.parametrize("since", ["2026-03-01", "2026-09-01"], ids=["from the first row on", "later"])
@pytest.mark.parametrize("name", IN_REPORTS)
def test_an_oddity_costs_no_row_of_a_report(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, name: str, since: str
) -> None:
    """All rows come, all of them valid, and no value is lost: it is in its column, or beside it in `_misfits`."""
    settings = few.config(sandbox)
    usual = reporting.read(settings, few.REPORT).counts
    source, came = SOURCES[definitions.JOBS.id], dict[int, list[Any]]()

    def odd(world: Any, said: Any, now: int) -> list[list[Any]]:  # noqa: ANN401 - as a source has it
        rows = source(world, said, now)
        if said["From"] >= since:
            rows = [spoilt_values(definitions.JOBS, row, ODDITIES[name]) for row in rows]
        came.update({row[0]: row for row in rows})
        return rows

    monkeypatch.setitem(SOURCES, definitions.JOBS.id, odd)
    with caplog.at_level(logging.INFO):
        output = reporting.read(settings, few.REPORT)
    assert output.error is None, output.error
    assert_valid(output)
    assert output.counts == usual
    for record in output.records[few.REPORT]:
        misfits = json.loads(record["_misfits"] or "{}", parse_float=Decimal)
        for column, value in zip(reports.bare(few.REPORT, record), came.pop(record["job_id"]), strict=True):
            assert misfits.get(column, value) == value
            assert record[column] is not None or column in misfits or value in (None, "", FIRST_MIDNIGHT)
    assert came == {}
    warnings = Counter(one.message for one in caplog.records if one.levelno >= logging.WARNING)
    assert max(warnings.values(), default=1) == 1, warnings.most_common(3)
