"""Comparing a stream, against a model: whatever differs in spans whose counts differ is found, and nothing else."""

from __future__ import annotations

import dataclasses
import itertools
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tap_servicetitan.audit.compare import Comparison
from tap_servicetitan.audit.lists import AuditedList
from tap_servicetitan.audit.spans import Span, grouped
from tap_servicetitan.audit.tables import Table
from tap_servicetitan.catalog.endpoints import BY_NAME
from tap_servicetitan.catalog.schema import stream_schema
from tap_servicetitan.state.timestamps import parse

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

Row = dict[str, Any]

FIRST = datetime(2021, 1, 1, tzinfo=UTC)
END = datetime(2024, 1, 1, tzinfo=UTC)
SCHEMA = stream_schema(BY_NAME["zones"])["properties"]


def stamp(day: int) -> str:
    """Write a day as the API does."""
    return (FIRST + timedelta(days=day)).strftime("%Y-%m-%dT%H:%M:%SZ")


def is_in(row: Row, date: str, span: Span) -> bool:
    """Tell whether a row lies in a span."""
    moment = parse(row[date])
    assert moment
    return (span.begin is None or moment >= span.begin) and (span.end is None or moment < span.end)


class FakeTable(Table):
    """A table that is a list of rows."""

    def __init__(self, rows: list[Row]) -> None:
        """Keep the rows."""
        self.all = rows

    def count(self, date: str, span: Span, *, active_only: bool = False) -> int:  # noqa: ARG002 - all are active
        """Count."""
        return len(list(self.rows(date, span)))

    def first(self, date: str) -> datetime | None:
        """Find the earliest date."""
        return min((parse(row[date]) for row in self.all), default=None, key=lambda one: one or END)

    def rows(self, date: str, span: Span) -> Iterator[Row]:
        """Give the rows of a span."""
        return (row for row in self.all if is_in(row, date, span))

    def row(self, key: Mapping[str, Any]) -> Row | None:
        """Find a row."""
        return next((row for row in self.all if row["id"] == key["id"]), None)


class FakeReader:
    """An API that is a list of rows, and counts its requests."""

    is_complete = True

    def __init__(self, rows: list[Row]) -> None:
        """Keep the rows."""
        self.all = rows
        self.counted = self.read = 0

    def _chosen(self, params: Mapping[str, str]) -> list[Row]:
        [date] = {name.removesuffix("OnOrAfter").removesuffix("Before") for name in params} or {"created"}
        span = Span(parse(params.get(f"{date}OnOrAfter", "")), parse(params.get(f"{date}Before", "")))
        return [row for row in self.all if is_in(row, f"{date}On", span)]

    def count(self, params: Mapping[str, str]) -> int:
        """Count."""
        self.counted += 1
        return len(self._chosen(params))

    def rows(self, params: Mapping[str, str]) -> Iterator[Row]:
        """Give rows."""
        self.read += 1
        yield from self._chosen(params)


def audited(page: int) -> AuditedList:
    """Describe a list with pages of so many rows."""
    row = dataclasses.replace(BY_NAME["zones"], page_size=page)
    return AuditedList(row=row, is_dated=True, is_stamped=True, may_hide_inactive=False, may_hide_deleted=False)


CHANGES = st.sampled_from(["same"] * 12 + ["missing", "vanished", "stale", "restamped", "pending"])


@st.composite
def worlds(draw: st.DrawFn) -> tuple[list[Row], list[Row], dict[int, str]]:
    """Make the rows of an API and of a warehouse, and say in what they differ."""
    api, warehouse, expected = [], [], {}
    for number in range(draw(st.integers(1, 60))):
        day = draw(st.integers(0, 1_094))
        row = {"id": number, "name": "a", "active": True, "createdOn": stamp(day), "modifiedOn": stamp(day)}
        match draw(CHANGES):
            case "missing":
                api.append(row)
                expected[number] = "missing"
                continue
            case "vanished":
                warehouse.append(row)
                expected[number] = "vanished"
                continue
            case "stale":
                api.append(row | {"name": "b"})
                expected[number] = "stale"
            case "restamped":
                api.append(row | {"modifiedOn": stamp(draw(st.integers(day, 1_094))), "name": "c"})
                expected[number] = "stale"
            case "pending":
                api.append(row | {"modifiedOn": stamp(1_096), "name": "d"})
            case _:
                api.append(row)
        warehouse.append(row)
    return api, warehouse, expected


def compared(api: list[Row], warehouse: list[Row], page: int) -> tuple[dict[int, str], FakeReader]:
    """Run a comparison; give the differences that it found."""
    reader = FakeReader(api)
    comparison = Comparison(audited(page), reader, FakeTable(warehouse), SCHEMA, Span(None, END))  # type: ignore[arg-type]
    result = comparison.run()
    assert not result.failed, result.note
    return {one.key["id"]: one.kind for one in result.differences}, reader


@settings(deadline=None, derandomize=True, max_examples=150, database=None)
@given(world=worlds())
def test_a_stream_of_one_page_is_compared_row_by_row(world: tuple[list[Row], list[Row], dict[int, str]]) -> None:
    """All that differs is found, and nothing else, for one request."""
    api, warehouse, expected = world
    found, reader = compared(api, warehouse, page=100)
    assert found == expected
    assert (reader.counted, reader.read) == (0, 1)


@settings(deadline=None, derandomize=True, max_examples=300, database=None)
@given(world=worlds(), page=st.integers(1, 20))
def test_in_a_larger_one_what_moves_a_count_is_found(
    world: tuple[list[Row], list[Row], dict[int, str]], page: int
) -> None:
    """Nothing is named that does not differ; where the numbers of rows differ at all, something is found."""
    api, warehouse, expected = world
    found, _ = compared(api, warehouse, page)
    assert found.items() <= expected.items()
    if len(api) != len(warehouse):
        assert found


@settings(deadline=None, derandomize=True, database=None)
@given(
    first=st.integers(0, 900),
    end=st.one_of(st.none(), st.integers(901, 2_000)),
    count=st.integers(1, 30),
    monthly=st.booleans(),
)
def test_the_parts_of_a_span_are_the_span(first: int, end: int | None, count: int, *, monthly: bool) -> None:
    """Each instant is in exactly one part, the bounds of the whole are kept, and groups are no more than allowed."""
    whole = Span(None, FIRST + timedelta(days=end) if end else None)
    parts = (whole.months if monthly else whole.years)(FIRST + timedelta(days=first))
    for spans in (parts, grouped(parts, count)):
        assert (spans[0].begin, spans[-1].end) == (whole.begin, whole.end)
        assert all(left.end == right.begin for left, right in itertools.pairwise(spans))
    assert len(grouped(parts, count)) <= count
