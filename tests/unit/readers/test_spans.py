"""Spans of time: nothing between them, nothing twice, and nothing of the time that is asked for left out."""

from __future__ import annotations

import calendar
from datetime import UTC, datetime, timedelta, timezone
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tap_servicetitan.readers.spans import Span, Unit, beginning, shifted, spans

DAY = timedelta(days=1)
UNITS: tuple[Unit, ...] = ("day", "month")

units = st.sampled_from(UNITS)
offsets = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
moments = st.tuples(
    st.integers(0, int((datetime(2100, 1, 1, tzinfo=UTC) - datetime(2000, 1, 1, tzinfo=UTC)).total_seconds())),
    st.integers(0, 999_999),
    st.just(UTC) | offsets,
).map(lambda drawn: (datetime(2000, 1, 1, tzinfo=UTC) + timedelta(0, drawn[0], drawn[1])).astimezone(drawn[2]))
lengths = st.timedeltas(timedelta(0), timedelta(days=800))


def at(text: str) -> datetime:
    """Read a time; in UTC where it names no zone."""
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


@settings(deadline=None, derandomize=True, max_examples=200)
@given(first=moments, length=lengths, unit=units)
def test_spans_leave_no_gap_and_do_not_overlap(first: datetime, length: timedelta, unit: Unit) -> None:
    """Each span begins where the last one ended, and together they hold all from the first moment to the last."""
    last = first + length
    found = spans(first, last, unit)
    assert all(one.start < one.end for one in found)
    assert all(before.end == after.start for before, after in pairwise(found))
    assert found[0].start <= first < found[0].end
    assert found[-1].start <= last < found[-1].end


@settings(deadline=None, derandomize=True, max_examples=200)
@given(first=moments, length=lengths, unit=units)
def test_spans_are_whole_days_or_months_of_utc(first: datetime, length: timedelta, unit: Unit) -> None:
    """A span is a day or a month of UTC, from midnight to midnight, whatever the zone of what was asked for."""
    for one in spans(first, first + length, unit):
        for end in (one.start, one.end):
            assert end.utcoffset() == timedelta(0)
            assert (end.hour, end.minute, end.second, end.microsecond) == (0, 0, 0, 0)
        days = 1 if unit == "day" else calendar.monthrange(one.start.year, one.start.month)[1]
        assert one.end - one.start == days * DAY
        assert unit == "day" or one.start.day == 1


@settings(deadline=None, derandomize=True)
@given(first=moments, gap=st.timedeltas(DAY * 32, DAY * 400), unit=units)
def test_there_are_no_spans_backwards(first: datetime, gap: timedelta, unit: Unit) -> None:
    """Where the last moment is before the first, there is nothing to ask for."""
    assert spans(first, first - gap, unit) == []


@pytest.mark.parametrize(
    ("first", "last", "unit", "starts"),
    [
        pytest.param("2026-11-01", "2026-11-01", "day", ["2026-11-01"], id="one day"),
        pytest.param("2026-11-01T23:59:59.999999", "2026-11-02", "day", ["2026-11-01", "2026-11-02"], id="midnight"),
        pytest.param(
            "2028-02-28", "2028-03-01", "day", ["2028-02-28", "2028-02-29", "2028-03-01"], id="a leap year's day"
        ),
        pytest.param("2026-02-28", "2026-03-01", "day", ["2026-02-28", "2026-03-01"], id="no leap year"),
        pytest.param("2100-02-28", "2100-03-01", "day", ["2100-02-28", "2100-03-01"], id="no leap year, by century"),
        pytest.param("2026-12-31", "2027-01-01", "day", ["2026-12-31", "2027-01-01"], id="a year's end, in days"),
        # Clocks are moved on these dates in the United States, and not in UTC.
        pytest.param(
            "2026-03-08T02:30-05:00", "2026-03-09T02:30-04:00", "day", ["2026-03-08", "2026-03-09"], id="a short day"
        ),
        pytest.param(
            "2026-11-01T00:30-04:00", "2026-11-01T23:30-05:00", "day", ["2026-11-01", "2026-11-02"], id="a long day"
        ),
        pytest.param("2026-11-01T01:00+02:00", "2026-10-31", "day", ["2026-10-31"], id="the day before, by an offset"),
        pytest.param(
            "2026-01-31", "2026-03-01", "month", ["2026-01-01", "2026-02-01", "2026-03-01"], id="months' ends"
        ),
        pytest.param(
            "2026-11-30", "2027-01-01", "month", ["2026-11-01", "2026-12-01", "2027-01-01"], id="a year's end"
        ),
        pytest.param("2026-12-31", "2026-12-31", "month", ["2026-12-01"], id="a December"),
        pytest.param(
            "2027-01-01T00:30+01:00", "2026-12-31", "month", ["2026-12-01"], id="the year before, by an offset"
        ),
        pytest.param("2026-11-02", "2026-11-01", "month", ["2026-11-01"], id="backwards, but in one month"),
        pytest.param("2026-11-02", "2026-11-01", "day", [], id="backwards"),
    ],
)
def test_spans(first: str, last: str, unit: Unit, starts: list[str]) -> None:
    """The spans are those of the days or months in which the two moments lie, and of all between."""
    assert [one.start for one in spans(at(first), at(last), unit)] == [at(start) for start in starts]


@pytest.mark.parametrize(
    ("start", "end", "last_second"),
    [
        pytest.param("2026-11-01", "2026-11-02", "2026-11-01T23:59:59", id="a day"),
        pytest.param("2028-02-01", "2028-03-01", "2028-02-29T23:59:59", id="a February"),
        pytest.param("2026-12-01", "2027-01-01", "2026-12-31T23:59:59", id="a December"),
    ],
)
def test_the_last_second_is_within(start: str, end: str, last_second: str) -> None:
    """The last second of a span is of its last day, so that a sum up to it counts nothing of the next."""
    assert Span(at(start), at(end)).last_second == at(last_second)


@settings(deadline=None, derandomize=True, max_examples=200)
@given(moment=moments, count=st.integers(-60, 60), more=st.integers(-60, 60), unit=units)
def test_going_on_and_back_ends_where_it_began(moment: datetime, count: int, more: int, unit: Unit) -> None:
    """So many days or months on and as many back is where one was, and steps add up."""
    start = beginning(moment, unit)
    assert shifted(shifted(start, count, unit), -count, unit) == start
    assert shifted(shifted(start, count, unit), more, unit) == shifted(start, count + more, unit)
    assert shifted(start, 0, unit) == start == beginning(start, unit)


@settings(deadline=None, derandomize=True)
@given(moment=moments, count=st.integers(0, 60), unit=units)
def test_going_on_counts_spans(moment: datetime, count: int, unit: Unit) -> None:
    """From one span to the one that is so many on, there are so many and one."""
    start = beginning(moment, unit)
    assert len(spans(start, shifted(start, count, unit), unit)) == count + 1


@pytest.mark.parametrize(
    ("start", "count", "wanted"),
    [
        ("2026-01-01", -1, "2025-12-01"),
        ("2026-12-01", 1, "2027-01-01"),
        ("2026-03-01", -1, "2026-02-01"),
        ("2026-11-01", 14, "2028-01-01"),
        ("2026-11-01", -23, "2024-12-01"),
    ],
)
def test_months_go_over_years(start: str, count: int, wanted: str) -> None:
    """Months are counted over the ends of years, both ways."""
    assert shifted(at(start), count, "month") == at(wanted)
