"""Time stamps: compared, moved and written as the API does, against integers of 100 nanoseconds."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tap_servicetitan.state.timestamps import as_parameter, latest, minus, parse, sortable

SECOND = 10_000_000
"""Ticks of 100 ns, as the API counts."""

BEGIN = datetime(1, 1, 2, tzinfo=UTC)
"""A day after the first, so that an offset stays within what a date can be."""

LONGEST = int((datetime(9999, 12, 30, tzinfo=UTC) - BEGIN).total_seconds())

NO_OFFSET = ["", "Z"]
OFFSETS = ["+00:00", "-00:00", "+05:30", "-08:00", "+14:00", "-11:59"]


def written(ticks: int, digits: int, zone: str) -> str:
    """Write the time that many ticks after the beginning, with that many digits, in that zone."""
    seconds, fraction = divmod(ticks, SECOND)
    moment = BEGIN + timedelta(seconds=seconds)
    if zone not in ("", "Z"):
        sign, hours, minutes = zone[0], int(zone[1:3]), int(zone[4:6])
        moment += (1 if sign == "+" else -1) * timedelta(hours=hours, minutes=minutes)
    text = f"{moment.replace(tzinfo=None).isoformat()}.{fraction:07}"
    return text[: len("0001-01-01T00:00:00.") + digits].rstrip("." if not digits else "") + zone


def rounded(ticks: int, digits: int) -> int:
    """Drop what that many digits cannot say."""
    step: int = 10 ** (7 - digits)
    return ticks // step * step


@st.composite
def pairs(draw: st.DrawFn, zones: list[str]) -> list[tuple[int, str]]:
    """Two times, often close to each other, and how they might be written."""
    first = draw(st.integers(0, LONGEST * SECOND))
    near = st.integers(-15, 15) | st.integers(-2 * SECOND, 2 * SECOND)
    second = draw(near.map(lambda gap: min(max(0, first + gap), LONGEST * SECOND)) | st.integers(0, LONGEST * SECOND))
    found = []
    for ticks in (first, second):
        digits = draw(st.integers(0, 7) | st.just(7))
        exact = rounded(ticks, digits)
        found.append((exact, written(exact, digits, draw(st.sampled_from(zones)))))
    return found


def test_the_writer_of_this_test_is_right() -> None:
    """The stamps that this file compares say what they should."""
    half = 5_000_001
    assert written(half, 7, "Z") == "0001-01-02T00:00:00.5000001Z"
    assert written(half, 0, "") == "0001-01-02T00:00:00"
    assert written(half, 1, "+05:30") == "0001-01-02T05:30:00.5+05:30"
    assert written(10 * SECOND, 2, "-08:00") == "0001-01-01T16:00:10.00-08:00"


@pytest.mark.parametrize("zones", [NO_OFFSET, NO_OFFSET + OFFSETS], ids=["as usual", "with offsets"])
def test_texts_sort_as_times_do(zones: list[str]) -> None:
    """The earlier time has the lower text, and equal times the same, however written; `latest` finds the later."""

    @settings(deadline=None, derandomize=True, max_examples=400)
    @given(pair=pairs(zones))
    def law(pair: list[tuple[int, str]]) -> None:
        (early, first), (late, second) = sorted(pair)
        lower, higher = sortable(first), sortable(second)
        assert lower is not None
        assert higher is not None
        assert lower == higher if early == late else lower < higher
        assert latest([first, second]) == second or early == late
        assert latest([second, first]) == second or early == late

    law()


@pytest.mark.parametrize(
    ("stamp", "text"),
    [
        pytest.param("2026-11-01T11:38:22Z", "2026-11-01T11:38:22", id="no digits"),
        pytest.param("2026-11-01T11:38:22.1234567Z", "2026-11-01T11:38:22.1234567", id="seven digits"),
        pytest.param("2026-11-01T11:38:22.1234567", "2026-11-01T11:38:22.1234567", id="no zone is UTC"),
        pytest.param("2026-11-01T06:38:22-05:00", "2026-11-01T11:38:22", id="offset behind UTC"),
        pytest.param("2026-11-01T00:38:22+01:00", "2026-10-31T23:38:22", id="offset into the day before"),
        # Python's datetime has six digits: the seventh got lost.
        pytest.param("2026-11-01T06:38:22.1234567-05:00", "2026-11-01T11:38:22.1234567", id="offset and seven digits"),
        pytest.param("2026-11-01T11:38:22.1000000Z", "2026-11-01T11:38:22.1", id="zeros say nothing"),
        pytest.param("2026-11-01", "2026-11-01T00:00:00", id="a day begins at midnight"),
        pytest.param("0001-01-01T00:00:00Z", "0001-01-01T00:00:00", id="the vendor's first time"),
        pytest.param("", None, id="empty"),
        pytest.param(None, None, id="null"),
        pytest.param("soon", None, id="no time"),
        pytest.param("11:38:22.1234567", None, id="duration"),
        pytest.param("0001-01-01T00:00:00+05:00", None, id="before the first time"),
    ],
)
def test_sortable(stamp: str | None, text: str | None) -> None:
    """A stamp becomes a text in UTC with all its digits; what is no stamp becomes none."""
    assert sortable(stamp) == text


@pytest.mark.parametrize(
    ("stamps", "last"),
    [
        pytest.param([], None, id="none"),
        pytest.param([None, "", "soon"], None, id="none that counts"),
        pytest.param(
            ["soon", "2026-01-01T00:00:00Z", None], "2026-01-01T00:00:00Z", id="what is no stamp is passed over"
        ),
        pytest.param(
            ["2026-01-01T00:00:00.10Z", "2026-01-01T00:00:00.09Z"], "2026-01-01T00:00:00.10Z", id="as written"
        ),
        pytest.param(
            ["2026-01-01T02:00:00Z", "2026-01-01T03:00:00+02:00"], "2026-01-01T02:00:00Z", id="not the higher text"
        ),
        pytest.param(
            ["2026-01-01T02:00:00Z", "2026-01-01T01:00:00-02:00"], "2026-01-01T01:00:00-02:00", id="offset as written"
        ),
        pytest.param(
            ["2026-01-01T00:00:00.123456Z", "2026-01-01T00:00:00.1234561Z"],
            "2026-01-01T00:00:00.1234561Z",
            id="by 100 ns",
        ),
    ],
)
def test_latest(stamps: list[str | None], last: str | None) -> None:
    """The latest stamp is found by time and returned as it was written."""
    assert latest(stamps) == last
    assert latest(reversed(stamps)) == last


@pytest.mark.parametrize(
    ("stamp", "span", "text"),
    [
        pytest.param("2026-11-01T01:00:00Z", timedelta(hours=2), "2026-10-31T23:00:00", id="into the month before"),
        pytest.param("2026-11-01T01:00:00.9999999Z", timedelta(0), "2026-11-01T01:00:00", id="to the second below"),
        pytest.param("2026-11-01T01:00:00.9+01:00", timedelta(hours=1), "2026-10-31T23:00:00", id="offset"),
        pytest.param("2026-11-01", timedelta(days=1), "2026-10-31T00:00:00", id="day"),
        pytest.param("0001-01-01T00:00:00Z", timedelta(0), "0001-01-01T00:00:00", id="to the first time"),
        pytest.param("0001-01-01T00:00:00Z", timedelta(seconds=1), None, id="before the first time"),
        pytest.param("2026-99-99T00:00:00Z", timedelta(0), None, id="a day that there is not"),
        pytest.param("soon", timedelta(0), None, id="no time"),
        pytest.param("", timedelta(0), None, id="empty"),
    ],
)
def test_minus(stamp: str, span: timedelta, text: str | None) -> None:
    """Going back from a stamp never ends later than asked, and where there is no such time, nowhere."""
    assert minus(stamp, span) == text


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        pytest.param("2026-11-01", datetime(2026, 11, 1, tzinfo=UTC), id="date"),
        pytest.param("2026-11-01T11:38:22Z", datetime(2026, 11, 1, 11, 38, 22, tzinfo=UTC), id="UTC"),
        pytest.param("2026-11-01T11:38:22", datetime(2026, 11, 1, 11, 38, 22, tzinfo=UTC), id="no zone is UTC"),
        pytest.param("2026-11-01T01:00:00+02:00", datetime(2026, 10, 31, 23, tzinfo=UTC), id="offset"),
        pytest.param(" 2026-11-01 ", datetime(2026, 11, 1, tzinfo=UTC), id="white space"),
        pytest.param("2026-13-01", None, id="a month that there is not"),
        pytest.param("9999-12-31T23:59:59-01:00", None, id="after the last time"),
        pytest.param("yesterday", None, id="no time"),
        pytest.param("", None, id="empty"),
    ],
)
def test_parse(text: str, moment: datetime | None) -> None:
    """A date or date-time becomes a time in UTC; anything else becomes none, and never an exception."""
    found = parse(text)
    assert found == moment
    assert found is None or found.utcoffset() == timedelta(0)


@settings(deadline=None, derandomize=True)
@given(text=st.text(max_size=30))
def test_any_text_is_a_stamp_or_not(text: str) -> None:
    """No text makes stamps fail: it is one, or it does not count."""
    assert latest([text, None]) in (text, None)
    assert (sortable(text) is None) or minus(text, timedelta(0)) is None or latest([text]) == text


@pytest.mark.parametrize(
    ("moment", "text"),
    [
        pytest.param(datetime(2026, 11, 1, 1, 2, 3, tzinfo=UTC), "2026-11-01T01:02:03Z", id="UTC"),
        pytest.param(datetime(2026, 11, 1, 1, 2, 3, 999_999, tzinfo=UTC), "2026-11-01T01:02:03Z", id="rounded down"),
        pytest.param(
            datetime(2026, 11, 1, 1, tzinfo=timezone(timedelta(hours=2))), "2026-10-31T23:00:00Z", id="another zone"
        ),
        pytest.param(datetime(1, 1, 1, tzinfo=UTC), "0001-01-01T00:00:00Z", id="four digits for the year"),
    ],
)
def test_as_parameter(moment: datetime, text: str) -> None:
    """A time is sent in UTC with a Z, in whole seconds, and never later than it is."""
    assert as_parameter(moment) == text
