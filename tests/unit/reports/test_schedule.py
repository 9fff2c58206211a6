"""Which windows a run reads, over many runs that break off, miss rows, and are told another start."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from tap_servicetitan.errors import ReportError
from tap_servicetitan.reports.schedule import Schedule
from tap_servicetitan.reports.windows import last_complete_day
from tap_servicetitan.settings.reports import WindowSettings
from tap_servicetitan.state.report_bookmark import ReportBookmark

DAY = timedelta(days=1)
FIRST = date(2026, 3, 1)


def window(first: date = FIRST, days: int = 10, look_back: int = 0) -> WindowSettings:
    """Write the settings of windows."""
    return WindowSettings(start="From", end="To", days=days, look_back=look_back, first=first)


def noon(day: date) -> datetime:
    """Give an instant of a day."""
    return datetime(day.year, day.month, day.day, 15, tzinfo=UTC)


def run(
    bookmark: ReportBookmark, wanted: WindowSettings, today: date, *, missed: set[date] | None = None
) -> tuple[list[str], ReportBookmark]:
    """Read to the end; give the windows that were read, and the bookmark."""
    schedule = Schedule(bookmark, wanted, noon(today), keys_are_made=False)
    asked = []
    for days in schedule.due:
        asked.append(str(days))
        schedule.read(days, (), complete=not (missed or set()) & {days.first})
    schedule.finish()
    return asked, schedule.bookmark


def test_an_incomplete_window_is_read_again_and_no_other() -> None:
    """The mark stays before it; what is behind it is not read again for its sake."""
    first, after = run(ReportBookmark(), window(), date(2026, 4, 25), missed={date(2026, 3, 11)})
    assert len(first) == 6
    assert (after.read_to, after.caught_up_to) == (date(2026, 3, 10), date(2026, 4, 24))
    again, then = run(after, window(), date(2026, 4, 26), missed={date(2026, 3, 11)})
    assert again == ["2026-03-11 to 2026-03-20", "2026-04-20 to 2026-04-26"]
    assert then.read_to == date(2026, 3, 10)
    _, last = run(then, window(), date(2026, 4, 27))
    assert (last.read_to, last.caught_up_to, last.incomplete_windows) == (date(2026, 4, 26), date(2026, 4, 26), ())


@pytest.mark.parametrize("first", [date(2026, 2, 9), date(2026, 2, 12)], ids=["in step", "out of step"])
def test_an_earlier_start_is_read_once(first: date) -> None:
    """The windows before the old start come, and then only the newest, as before."""
    _, before = run(ReportBookmark(), window(), date(2026, 4, 25))
    asked, after = run(before, window(first), date(2026, 4, 25))
    assert [one[:10] for one in asked[:-1]] == [str(first), str(first + 10 * DAY)]
    assert asked[-1].endswith("2026-04-25")
    again, _ = run(after, window(first), date(2026, 4, 26))
    assert len(again) == 1


def test_an_earlier_start_survives_a_break() -> None:
    """Where the reading of an earlier start breaks off, the next run goes on with it."""
    _, before = run(ReportBookmark(), window(), date(2026, 4, 25))
    broken = Schedule(before, window(date(2026, 2, 9)), noon(date(2026, 4, 25)), keys_are_made=True)
    broken.read(broken.due[0], (), complete=True)
    asked, after = run(broken.bookmark, window(date(2026, 2, 9)), date(2026, 4, 25))
    assert asked[0] == "2026-02-19 to 2026-02-28"
    assert len(asked) == 2
    assert after.backfill_until is None


@pytest.mark.parametrize(
    ("wanted", "refused"),
    [
        pytest.param(window(date(2026, 2, 9)), False, id="in step"),
        pytest.param(window(date(2026, 3, 21)), False, id="later, in step"),
        pytest.param(window(date(2026, 2, 12)), True, id="out of step"),
        pytest.param(window(days=5), True, id="shorter"),
    ],
)
def test_keys_of_places_need_the_same_windows(wanted: WindowSettings, *, refused: bool) -> None:
    """Rows that are known by window and place would be others in other windows."""
    before = ReportBookmark(window_layout="2026-03-01/10", read_to=date(2026, 4, 24))
    if refused:
        with pytest.raises(ReportError, match="were 2026-03-01/10 and are to be"):
            Schedule(before, wanted, noon(date(2026, 4, 25)), keys_are_made=True)
    else:
        assert Schedule(before, wanted, noon(date(2026, 4, 25)), keys_are_made=True).due
    assert Schedule(before, wanted, noon(date(2026, 4, 25)), keys_are_made=False).due


@settings(deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(0, 40), st.integers(0, 12), st.sets(st.integers(0, 30), max_size=3), st.integers(-40, 0)),
        min_size=1,
        max_size=8,
    ),
    st.integers(1, 15),
    st.integers(0, 20),
)
def test_no_day_is_passed_over(runs: list[tuple[int, int, set[int], int]], length: int, look_back: int) -> None:
    """Whatever breaks off, is incomplete or is moved: what the mark covers was read whole when it was over."""
    bookmark, today, first = ReportBookmark(), date(2026, 4, 25), FIRST
    whole: set[date] = set()
    for days, breaks_at, incomplete, moved in [*runs, (1, 10_000, set[int](), 0), (0, 10_000, set[int](), 0)]:
        today, first = today + days * DAY, first + moved * DAY
        schedule = Schedule(bookmark, window(first, length, look_back), noon(today), keys_are_made=False)
        for number, span in enumerate(schedule.due):
            if number == breaks_at:
                break
            complete = number not in incomplete
            over = last_complete_day(noon(today))
            covered = {span.first + step * DAY for step in range(span.length)}
            whole = whole | {day for day in covered if day <= over} if complete else whole - covered
            schedule.read(span, (), complete=complete)
        else:
            schedule.finish()
        bookmark = replace(schedule.bookmark)
        if bookmark.read_to and bookmark.backfill_until is None and bookmark.resume_from is None:
            assert {first + step * DAY for step in range((bookmark.read_to - first).days + 1)} <= whole
    assert bookmark.read_to == last_complete_day(noon(today))
    assert bookmark.incomplete_windows == ()
