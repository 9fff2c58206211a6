"""The columns of a report: names that SQL takes, and values that their types hold."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tap_servicetitan.api.report_pages import read_report
from tap_servicetitan.errors import ReportError, TypeMismatchError, UnexpectedBodyError
from tap_servicetitan.reports.columns import (
    Column,
    column_names,
    columns_of,
    decided,
    find_columns,
    mistyped,
    report_schema,
    with_kinds,
)
from tap_servicetitan.reports.description import Field, Report
from tap_servicetitan.reports.rows import Rows, Writer


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        pytest.param("CompletedRevenue", "completed_revenue", id="humps"),
        pytest.param("JobID", "job_id", id="abbreviation at the end"),
        pytest.param("ROIPercent", "roi_percent", id="abbreviation at the start"),
        pytest.param("Job #", "job_number", id="number sign"),
        pytest.param("Margin %", "margin_percent", id="percent sign"),
        pytest.param("Parts & Labor", "parts_and_labor", id="ampersand"),
        pytest.param("1st Item", "c_1st_item", id="digit first"),
        pytest.param("order", "order_", id="reserved word"),
        pytest.param("Größe", "grosse", id="letters of other languages"),
        pytest.param("  _Total_ ", "total", id="blanks and underscores around"),
        pytest.param("総額", "column_1", id="no letter of the alphabet"),
        pytest.param("", "column_1", id="no name"),
        pytest.param("x" * 200, "x" * 60, id="too long for PostgreSQL"),
    ],
)
def test_names_are_safe(name: str, wanted: str) -> None:
    """A name is made of what needs no quotes anywhere."""
    assert column_names([name]) == [wanted]


@given(st.lists(st.text(max_size=80)))
def test_any_names_become_safe_and_unique(names: list[str]) -> None:
    """Whatever a report calls its columns, they can be told apart in a database that knows no case."""
    found = column_names(names)
    assert len(found) == len(names) == len(set(found))
    assert all(re.fullmatch(r"[a-z][a-z0-9_]{0,62}", one) for one in found)


@given(st.lists(st.sampled_from(["Total", "total", "TOTAL", "Total $", "Total 2", "A"]), unique=True), st.randoms())
def test_names_do_not_depend_on_the_order_of_columns(names: list[str], random: Any) -> None:  # noqa: ANN401 - hypothesis' Random
    """A column keeps its name when columns are moved about in the report."""
    before = dict(zip(names, column_names(names), strict=True))
    moved = random.sample(names, len(names))
    assert dict(zip(moved, column_names(moved), strict=True)) == before


def column(kind: str) -> Column:
    """Make a column that is declared to be of a type."""
    [found] = columns_of(Report(name="A report", parameters=[], fields=[Field("X", "The X", kind)]))
    return found


@pytest.mark.parametrize(
    ("kind", "value", "wanted"),
    [
        pytest.param("Number", 3, 3, id="integer"),
        pytest.param("Number", Decimal("1.50"), Decimal("1.50"), id="digits kept"),
        pytest.param("Number", "1.50", Decimal("1.50"), id="number as text"),
        pytest.param("Number", "", None, id="empty number"),
        pytest.param("Boolean", True, True, id="boolean"),
        pytest.param("Boolean", "False", False, id="boolean as text"),
        pytest.param("Date", "2026-10-31T00:00:00-05:00", "2026-10-31", id="date with zone"),
        pytest.param("Date", "2026-10-31T00:00:00", "2026-10-31", id="date without zone"),
        pytest.param("Date", "2026-10-31", "2026-10-31", id="just a date"),
        pytest.param("Date", "0001-01-01T00:00:00", None, id="no date"),
        pytest.param("Time", "08:30:00", "08:30:00", id="time"),
        pytest.param("String", "a", "a", id="text"),
        pytest.param("String", "", "", id="empty text"),
        pytest.param("String", Decimal("1.50"), "1.50", id="number in a text column"),
        pytest.param("String", False, "false", id="boolean in a text column"),
        pytest.param("String", ["a", 1], '["a",1]', id="list in a text column"),
        pytest.param("Duration", 5, "5", id="a type of the future is text"),
        *(pytest.param(kind, None, None, id=f"null {kind}") for kind in ("Number", "Boolean", "Date", "String")),
    ],
)
def test_values_that_fit(kind: str, value: object, wanted: object) -> None:
    """A value is of its column's type, or becomes it without losing anything; nulls are kept."""
    found = column(kind).fit(value)
    assert found == wanted
    assert type(found) is type(wanted)


@pytest.mark.parametrize(
    ("values", "kind", "wanted"),
    [
        (["2026-10-31", None, "2026-10-31T00:00:00-05:00"], "date", ["2026-10-31", None, "2026-10-31"]),
        (["2026-10-31", "2026-10-31T20:30:00-05:00"], "time", ["2026-10-31T00:00:00Z", "2026-11-01T01:30:00Z"]),
        (["2026-10-31T08:30:00", "", "0001-01-01T00:00:00Z"], "time", ["2026-10-31T08:30:00Z", None, None]),
        (["2026-10-31T08:30:00.1234567Z"], "time", ["2026-10-31T08:30:00.1234567Z"]),
        (["2026-10-31T08:30:00", "soon"], "text", ["2026-10-31T08:30:00", "soon"]),
    ],
)
def test_dates_are_times_where_one_is(values: list[object], kind: str, wanted: list[object]) -> None:
    """A column of dates is one of times, in UTC, if a value has a time of the day, and of text if one is neither."""
    declared = column("Date")
    found = decided([declared], [[value] for value in values])
    assert found == ({} if kind == "date" else {"x": kind})
    [decided_on] = with_kinds([declared], found, ())
    assert [decided_on.fit(value) for value in values] == wanted


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        pytest.param("Number", "00123", id="zeros that a number would lose"),
        pytest.param("Number", "1,234.00", id="thousands"),
        pytest.param("Number", "n/a", id="no number"),
        pytest.param("Number", "NaN", id="NaN"),
        pytest.param("Number", True, id="boolean for a number"),
        pytest.param("Boolean", "Yes", id="other word"),
        pytest.param("Boolean", 1, id="number for a boolean"),
        pytest.param("Date", "2026-10-31T08:30:00Z", id="time for a date"),
        pytest.param("Date", "10/31/2026", id="American date"),
        pytest.param("Date", "2026-02-30", id="no such day"),
        pytest.param("Date", 20261031, id="number for a date"),
    ],
)
def test_values_that_do_not_fit(kind: str, value: object) -> None:
    """What would lose something is no value of the type, and makes its column one of text."""
    with pytest.raises(TypeMismatchError):
        column(kind).fit(value)
    assert mistyped([column(kind)], [[None], [value]]) == ["x"]
    [text] = with_kinds([column(kind)], {}, ["x"])
    assert isinstance(text.fit(value), str)


def test_columns_keep_the_types_that_they_had() -> None:
    """What was decided in an earlier run holds; a setting overrides it."""
    [kept] = with_kinds([column("String")], {"x": "number", "gone": "text"}, [])
    assert kept.kind == "number"
    [forced] = with_kinds([column("Number")], {"x": "number"}, ["x"])
    assert forced.kind == "text"


def test_the_schema_has_the_reports_own_names() -> None:
    """A column's description is what the report calls it; only keys may not be null."""
    found = report_schema("Title", [column("Number")], ("x",), is_windowed=True)["properties"]
    assert found["x"] == {"type": "number", "description": "The X (X)"}
    assert list(found) == [*("x", "_report_id", "_window_from", "_window_to", "_run_at", "_misfits", "_end_marker")]
    assert all("null" in one["type"] for name, one in found.items() if name != "x")


def test_columns_are_found_by_any_of_their_names() -> None:
    """Settings may name a column as here, as the API or as the screen does, and the columns that the tap adds."""
    columns = columns_of(Report(name="R", parameters=[], fields=[Field("JobId", "Job ID"), Field("Name")]))
    assert find_columns(columns, ["Job ID", "JobId", "_window_from"], "key_properties") == ["job_id", "_window_from"]
    with pytest.raises(
        ReportError, match="key_properties names Nam, which is no column of the report; it has job_id, name"
    ):
        find_columns(columns, ["Nam"], "key_properties")


def rows_of(columns: list[Column], names: list[str], *rows: list[Any]) -> Rows:
    """Give the rows of a page, as the stream has them."""
    fields = ", ".join(f'{{"name": "{name}", "label": ""}}' for name in names)
    values = ", ".join(str(row).replace("None", "null").replace("'", '"') for row in rows)
    page = read_report(f'{{"fields": [{fields}], "data": [{values}], "hasMore": false}}'.encode())
    return Rows(page.names, page.rows, columns)


def test_rows_are_taken_by_name() -> None:
    """Columns may have been moved, added, removed or doubled since the report was described."""
    fields = [Field("A"), Field("B"), Field("A"), Field("Gone")]
    columns = columns_of(Report(name="R", parameters=[], fields=fields))
    rows = rows_of(columns, ["A", "New", "B", "A"], ["1", "2", "3", "4"])
    assert list(rows.values()) == [["1", "3", "4", None]]
    assert rows.undeclared == ["New"]


def test_misfits_are_kept_beside_the_row() -> None:
    """A value that does not fit stands as it came in a column of its own, and null in its place."""
    columns = columns_of(Report(name="R", parameters=[], fields=[Field("A", None, "Number"), Field("B")]))
    writer = Writer(columns, 7, "2026-11-01T00:00:00Z", makes_key=True)
    found = list(writer.records(rows_of(columns, ["A", "B"], [1, "x"], ["n/a", None]), None, None, 10))
    own = {"_report_id": 7, "_run_at": "2026-11-01T00:00:00Z", "_end_marker": False}
    assert found == [
        {"a": 1, "b": "x", "_misfits": None, "_key": "11"} | own,
        {"a": None, "b": None, "_misfits": {"a": "n/a"}, "_key": "12"} | own,
    ]
    assert writer.misfits == {"a": 1}


@pytest.mark.parametrize("body", [b'{"data": []}', b'{"fields": [{"name": "A"}], "data": [[1, 2]], "hasMore": false}'])
def test_what_is_no_page_of_a_report(body: bytes) -> None:
    """A row without a value for each column cannot be told apart from one of other columns."""
    with pytest.raises(UnexpectedBodyError, match=r"wanted \{hasMore, fields, data\}"):
        read_report(body)
