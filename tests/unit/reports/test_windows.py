"""Windows of days, and the turns in which a report may run."""

from __future__ import annotations

import itertools
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tap_servicetitan.reports.turns import Turns
from tap_servicetitan.reports.windows import Days, last_complete_day, since, windows

DAY = timedelta(days=1)
FIRST = date(2026, 1, 1)

days = st.dates(date(2024, 1, 1), date(2027, 1, 1))


def each_day(span: Days) -> list[date]:
    """List the days of a span."""
    return [span.first + number * DAY for number in range(span.length)]


@given(days, st.integers(1, 400), days, days)
def test_windows_hold_each_day_once(first: date, length: int, begin: date, today: date) -> None:
    """Windows stand in order, without a gap or an overlap, and reach from the day asked for to today."""
    found = list(windows(first, length, begin, today))
    if today < first or today < begin:
        assert len(found) <= 1
        return
    assert found[0].first <= max(first, begin) <= found[0].last or found[0].last == today
    assert found[-1].last == today
    assert all(one.length == length for one in found[:-1])
    assert all(one.following == other.first for one, other in itertools.pairwise(found))


@given(days, st.integers(1, 60), days, days)
def test_a_window_begins_on_the_same_day_whenever_it_is_read(first: date, length: int, one: date, other: date) -> None:
    """What is read again is cut as it was before, so that keys made of a window's first day replace each other."""
    today = date(2031, 1, 1)
    firsts = {window.first for window in windows(first, length, min(one, other), today)}
    assert {window.first for window in windows(first, length, max(one, other), today)} <= firsts


@given(days, st.integers(1, 100), st.lists(days))
def test_parts_of_a_window_are_all_of_it(first: date, length: int, cuts: list[date]) -> None:
    """However a window is cut, its parts hold each of its days once; a single day cannot be halved."""
    window = Days(first, first + (length - 1) * DAY)
    assert [day for part in window.cut(cuts) for day in each_day(part)] == each_day(window)
    halves = window.halves()
    assert [day for part in halves for day in each_day(part)] == (each_day(window) if length > 1 else [])
    assert [window] if length == 1 else window.cut([halves[1].first]) == halves


@pytest.mark.parametrize(
    ("read_to", "look_back", "wanted"),
    [
        pytest.param(None, 7, FIRST, id="never read"),
        pytest.param(date(2026, 3, 10), 0, date(2026, 3, 11), id="no look-back"),
        pytest.param(date(2026, 3, 10), 7, date(2026, 3, 4), id="look-back"),
        pytest.param(date(2026, 1, 2), 30, FIRST, id="never before the first day"),
    ],
)
def test_reading_goes_on_behind_what_was_over(read_to: date | None, look_back: int, wanted: date) -> None:
    """The next run begins behind the last day that was over, less the days to read again."""
    assert since(FIRST, read_to, look_back) == wanted


@pytest.mark.parametrize(
    ("now", "wanted"),
    [
        pytest.param("2026-03-10T12:00:00", date(2026, 3, 9), id="noon"),
        pytest.param("2026-03-10T11:59:00", date(2026, 3, 8), id="still yesterday in the Pacific"),
        pytest.param("2026-03-10T23:59:00", date(2026, 3, 9), id="evening"),
    ],
)
def test_a_day_is_over_when_it_is_everywhere(now: str, wanted: date) -> None:
    """Where the tenant is, is not known: its day is over at noon of the next one in UTC at the latest."""
    assert last_complete_day(datetime.fromisoformat(now).replace(tzinfo=UTC)) == wanted


class Clock:
    """A clock that sleeping moves."""

    def __init__(self) -> None:
        """Begin at some time."""
        self.now = 1_000.0
        self.slept: list[float] = []

    def sleep(self, seconds: float) -> None:
        """Let time pass."""
        self.slept.append(seconds)
        self.now += seconds


# The limiter counts in whole milliseconds, and a span with both its ends.
@pytest.mark.parametrize(("rate", "waits"), [(1, [60.001] * 4), (0.5, [120.001] * 4), (2, [60.001] * 2), (60, [])])
def test_a_report_waits_for_its_turn(rate: float, waits: list[float]) -> None:
    """Five runs of a report are as far apart as the limit has it; each wait is announced with its length."""
    clock, announced = Clock(), list[float]()
    turns = Turns(rate, lambda: clock.now, clock.sleep)
    for _ in range(5):
        turns.take(1, announced.append)
    assert [seconds for seconds in clock.slept if seconds > 0] == waits == announced


def test_each_report_has_turns_of_its_own() -> None:
    """The limit is that of one report: others need not wait for it."""
    clock = Clock()
    turns = Turns(1, lambda: clock.now, clock.sleep)
    for report in range(5):
        turns.take(report, clock.slept.append)
    assert clock.slept == []


@given(st.floats(0.1, 100), st.lists(st.floats(0, 200), min_size=1, max_size=30))
def test_no_minute_has_more_runs_than_allowed(rate: float, pauses: list[float]) -> None:
    """Whenever a report is asked for, so many runs and no more begin within any stretch of the limit's length."""
    clock, began = Clock(), list[float]()
    turns = Turns(rate, lambda: clock.now, clock.sleep)
    for pause in pauses:
        clock.now += pause
        turns.take(1, lambda _: None)
        began.append(clock.now)
    burst = max(1, int(rate))
    for earlier, later in zip(began, itertools.islice(began, burst, None), strict=False):
        assert later - earlier >= 60 * burst / rate - 1e-6
