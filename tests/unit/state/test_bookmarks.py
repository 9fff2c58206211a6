"""What is remembered between runs, and where a feed is read on from when its token is dead."""

# ruff: noqa: S105, S106 - the token of a feed is a bookmark, no password

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tap_servicetitan.errors import StateError
from tap_servicetitan.state.bookmarks import (
    LIST_OVERLAP,
    OVERLAP,
    SWEEP_AFTER,
    ChildBookmark,
    DateBookmark,
    FeedBookmark,
    read_child_bookmark,
    read_date_bookmark,
    read_feed_bookmark,
)
from tap_servicetitan.state.report_bookmark import read_report_bookmark
from tap_servicetitan.state.timestamps import as_parameter, latest, parse

if TYPE_CHECKING:
    from collections.abc import Callable

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
MONDAY = "2026-11-16T08:00:00.1234567Z"
BEFORE_MONDAY = "2026-11-16T06:00:00Z"
"""Monday's mark less the overlap, in whole seconds."""
SUNDAY = "2026-11-15T08:00:00Z"
BEFORE_SUNDAY = "2026-11-15T06:00:00Z"
NO_MARKS: dict[str, Any] = {
    "replication_key": None,
    "replication_key_value": None,
    "start_date": None,
    "recent": [],
}
NO_FEED_MARKS = NO_MARKS | {"last_complete_value": None}


@pytest.mark.parametrize(
    ("bookmark", "cursor", "state"),
    [
        pytest.param(
            FeedBookmark(token="t", mark=MONDAY, at_end=True),
            "modifiedOn",
            {"continue_from": "t", "replication_key": "modifiedOn", "replication_key_value": MONDAY},
            id="at the end",
        ),
        pytest.param(
            FeedBookmark(token="t", mark=MONDAY, at_end=True, recent=("a", "b")),
            "createdOn",
            {
                "continue_from": "t",
                "replication_key": "createdOn",
                "replication_key_value": MONDAY,
                "recent": ["a", "b"],
            },
            id="with recent rows",
        ),
        pytest.param(
            FeedBookmark(token="t", mark=MONDAY, settled=SUNDAY),
            "modifiedOn",
            {
                "continue_from": "t",
                "replication_key": "modifiedOn",
                "replication_key_value": MONDAY,
                "last_complete_value": SUNDAY,
            },
            id="in the middle, read to the end before",
        ),
        pytest.param(
            FeedBookmark(token="t", mark=MONDAY),
            "modifiedOn",
            {
                "continue_from": "t",
                "replication_key": "modifiedOn",
                "replication_key_value": MONDAY,
                "last_complete_value": None,
            },
            id="in the middle of the first reading",
        ),
        pytest.param(
            FeedBookmark(token="t"),
            None,
            {"continue_from": "t", "last_complete_value": None},
            id="in the middle, no cursor",
        ),
    ],
)
def test_a_bookmark_comes_back_from_its_state(
    bookmark: FeedBookmark, cursor: str | None, state: dict[str, Any]
) -> None:
    """A bookmark is written as the contract says, as JSON, and read again as it was."""
    written = bookmark.to_state("4242", cursor)
    assert json.loads(json.dumps(written)) == {"tenant_id": "4242", "at_end": bookmark.at_end} | NO_FEED_MARKS | state
    assert read_feed_bookmark("jobs", json.loads(json.dumps(written)), "4242") == bookmark


def test_a_feed_without_a_cursor_keeps_its_token() -> None:
    """Where no field tells of a change, the token is all there is, and is kept."""
    written = FeedBookmark(token="t", at_end=True, recent=("a",)).to_state("4242", None)
    assert json.loads(json.dumps(written)) == {
        "tenant_id": "4242",
        "continue_from": "t",
        "replication_key": None,
        "replication_key_value": None,
        "at_end": True,
        "last_complete_value": None,
        "start_date": None,
        "recent": ["a"],
    }
    read = read_feed_bookmark("job_history", written, "4242")
    assert (read.token, read.recent, read.start_again(NOW)) == ("t", ("a",), None)


def test_no_state_is_a_first_run() -> None:
    """Without a bookmark, a feed is read from its first record."""
    assert read_feed_bookmark("jobs", {}, "4242") == FeedBookmark()
    assert FeedBookmark().start_again(NOW) is None


@pytest.mark.parametrize(
    ("state", "fragments"),
    [
        pytest.param({"tenant_id": "7"}, ["tenant 7", "tenant 4242", "first run"], id="another tenant"),
        pytest.param({"tenant_id": 7}, ["tenant 7", "tenant 4242"], id="another tenant, a number"),
        pytest.param({"continue_from": 5}, ["continue_from: expected `str | null`, got `int`"], id="token a number"),
        pytest.param(
            {"continue_from": {"a": 1}}, ["continue_from: expected `str | null`, got `object`"], id="token an object"
        ),
        pytest.param(
            {"replication_key_value": 5},
            ["replication_key_value: expected `str | null`, got `int`"],
            id="mark a number",
        ),
        pytest.param({"replication_key_value": "soon"}, ["replication_key_value: expected a time"], id="mark no time"),
        pytest.param(
            {"last_complete_value": [SUNDAY]},
            ["last_complete_value: expected `str | null`, got `array`"],
            id="settled mark a list",
        ),
        pytest.param(
            {"last_complete_value": "soon"}, ["last_complete_value: expected a time"], id="settled mark no time"
        ),
        pytest.param({"recent": "a"}, ["recent: expected `array`, got `str`"], id="recent a text"),
    ],
)
def test_a_state_that_cannot_be_used_is_refused(state: dict[str, Any], fragments: list[str]) -> None:
    """A state of another tenant or shape is refused with the stream, what is wrong and what to do."""
    with pytest.raises(StateError) as refusal:
        read_feed_bookmark("jobs", {"tenant_id": "4242"} | state, "4242")
    said = str(refusal.value)
    assert said.startswith("jobs: ")
    assert all(fragment in said for fragment in fragments)


def test_a_tenant_may_be_a_number() -> None:
    """A tenant written as a number is the same tenant, and one that is not named is not refused."""
    for owner in (4242, "4242", None):
        assert read_feed_bookmark("jobs", {"tenant_id": owner, "continue_from": "t"}, "4242").token == "t"


@pytest.mark.parametrize(
    ("state", "start"),
    [
        pytest.param(
            {"replication_key": "modifiedOn", "replication_key_value": MONDAY}, BEFORE_MONDAY, id="modifiedOn"
        ),
        pytest.param({"replication_key": "createdOn", "replication_key_value": MONDAY}, BEFORE_MONDAY, id="createdOn"),
        pytest.param({"replication_key_value": "2026-11-16T08:00:00+00:00"}, BEFORE_MONDAY, id="with an offset"),
        pytest.param({"replication_key_value": "2026-11-16"}, "2026-11-15T22:00:00Z", id="a date"),
        # That tap bookmarks job_history by the date of an appointment, which may lie in the future.
        pytest.param({"replication_key": "date", "replication_key_value": MONDAY}, None, id="not a time of change"),
        pytest.param({}, None, id="empty"),
    ],
)
def test_a_state_of_the_other_tap_is_taken_over(state: dict[str, Any], start: str | None) -> None:
    """A date bookmark of the MeltanoLabs tap becomes a start a little before it, and a token it never had."""
    bookmark = read_feed_bookmark("jobs", state, "4242")
    assert (bookmark.token, bookmark.start_again(NOW)) == (None, start)


@pytest.mark.parametrize(
    ("bookmark", "start"),
    [
        pytest.param(FeedBookmark(token="t", mark=MONDAY, at_end=True), BEFORE_MONDAY, id="at the end: from the mark"),
        pytest.param(
            FeedBookmark(token="t", mark=MONDAY, settled=SUNDAY, at_end=True),
            BEFORE_MONDAY,
            id="at the end: not further back",
        ),
        pytest.param(
            FeedBookmark(token="t", mark=MONDAY, settled=SUNDAY),
            BEFORE_SUNDAY,
            id="in the middle: from the settled mark",
        ),
        pytest.param(FeedBookmark(token="t", mark=MONDAY), None, id="in the middle of the first reading: all"),
        pytest.param(FeedBookmark(token="t", at_end=True), None, id="no stamp ever seen: all"),
        pytest.param(FeedBookmark(mark="0001-01-01T00:00:00Z", at_end=True), None, id="the vendor's first time: all"),
        pytest.param(FeedBookmark(mark="", at_end=True), None, id="empty mark: all"),
    ],
)
def test_where_reading_starts_again(bookmark: FeedBookmark, start: str | None) -> None:
    """Without a token that serves, a feed is read from where it was last known to be complete, less the overlap."""
    assert bookmark.start_again(NOW) == start


def test_the_first_page_of_a_run_settles_the_mark() -> None:
    """What had been read to the end stays settled while the next run is under way, and not what it has just seen."""
    ended = FeedBookmark(token="a", mark=SUNDAY, at_end=True)
    under_way = ended.advance("b", MONDAY, NOW, at_end=False)
    assert under_way == FeedBookmark(token="b", mark=MONDAY, settled=SUNDAY, at_end=False)
    further = under_way.advance("c", None, NOW, at_end=False)
    assert further == FeedBookmark(token="c", mark=MONDAY, settled=SUNDAY, at_end=False)
    assert further.advance("d", SUNDAY, NOW, at_end=True).start_again(NOW) == BEFORE_MONDAY


def test_a_lower_stamp_does_not_lower_the_mark() -> None:
    """The mark is the highest stamp seen, in whatever order the stamps come."""
    assert FeedBookmark(mark=MONDAY).advance("t", SUNDAY, NOW, at_end=False).mark == MONDAY
    assert FeedBookmark(mark=SUNDAY).advance("t", MONDAY, NOW, at_end=False).mark == MONDAY
    assert FeedBookmark(mark=SUNDAY).advance("t", None, NOW, at_end=False).mark == SUNDAY


def test_a_stamp_from_the_future_settles_what_was_read_until_now() -> None:
    """After one row stamped years ahead, the time at which the feed was read to its end is remembered in its place."""
    monday = datetime(2026, 11, 16, 8, tzinfo=UTC)
    ended = FeedBookmark(token="a", mark=SUNDAY, at_end=True).advance("b", "2099-01-01T00:00:00Z", monday, at_end=True)
    ended = read_feed_bookmark("jobs", json.loads(json.dumps(ended.to_state("4242", "modifiedOn"))), "4242")
    assert ended.start_again(NOW) == BEFORE_MONDAY
    # The next run has not come to its end yet, and then it has.
    under_way = ended.advance("c", None, NOW, at_end=False)
    assert under_way.start_again(NOW) == BEFORE_MONDAY
    assert under_way.advance("d", None, NOW, at_end=True).start_again(NOW) == as_parameter(NOW - OVERLAP)


@pytest.mark.parametrize("ahead", [timedelta(0), timedelta(minutes=1), timedelta(days=1), timedelta(days=36_500)])
def test_a_future_mark_does_not_hide_what_changes_now(ahead: timedelta) -> None:
    """Whatever the mark, a feed is read again from before now at the latest."""
    mark = as_parameter(NOW + ahead)
    for bookmark in (FeedBookmark(mark=mark, at_end=True), FeedBookmark(settled=mark)):
        start = parse(bookmark.start_again(NOW) or "0001-01-01")
        assert start is not None
        assert start <= NOW - OVERLAP


def test_a_future_mark_does_not_hide_what_changed_since() -> None:
    """One row stamped years ahead does not hide what changed between the last run and this one."""
    # Regression: started at now less the overlap, although nothing had been read for days.
    state = {"tenant_id": "4242", "continue_from": "t", "replication_key": "modifiedOn"}
    bookmark = read_feed_bookmark("jobs", state | {"replication_key_value": "2099-01-01T00:00:00Z"}, "4242")
    start = parse(bookmark.start_again(NOW) or "0001-01-01")
    changed_three_days_ago = NOW - timedelta(days=3)
    assert start is not None
    assert start <= changed_three_days_ago


# Lists and windows


@pytest.mark.parametrize(
    ("bookmark", "cursor", "state"),
    [
        pytest.param(DateBookmark(), None, {}, id="read whole"),
        pytest.param(
            DateBookmark(mark=MONDAY),
            "modifiedOn",
            {"replication_key": "modifiedOn", "replication_key_value": MONDAY},
            id="with a mark",
        ),
        pytest.param(
            DateBookmark(mark=MONDAY, recent=("a", "b")),
            "submittedOn",
            {"replication_key": "submittedOn", "replication_key_value": MONDAY, "recent": ["a", "b"]},
            id="with recent rows",
        ),
        pytest.param(
            DateBookmark(),
            "modifiedOn",
            {"replication_key": "modifiedOn", "replication_key_value": None},
            id="nothing that has a stamp",
        ),
    ],
)
def test_a_date_comes_back_from_its_state(bookmark: DateBookmark, cursor: str | None, state: dict[str, Any]) -> None:
    """The bookmark of a list is written as any tap writes it, as JSON, and read again as it was."""
    written = bookmark.to_state("4242", cursor)
    assert json.loads(json.dumps(written)) == {"tenant_id": "4242", "parent_ids": []} | NO_MARKS | state
    assert read_date_bookmark("teams", json.loads(json.dumps(written)), "4242") == bookmark


@pytest.mark.parametrize(
    ("mark", "since"),
    [
        pytest.param(None, None, id="nothing read yet: all"),
        pytest.param("", None, id="empty: all"),
        pytest.param("2026-11-16T08:00:00.1234567Z", "2026-11-16T07:00:00Z", id="the overlap before, in whole seconds"),
        pytest.param("2026-11-16T08:00:00+02:00", "2026-11-16T05:00:00Z", id="with an offset"),
        pytest.param("2026-11-16", "2026-11-15T23:00:00Z", id="a date"),
        pytest.param("0001-01-01T00:00:00Z", None, id="the vendor's first time: all"),
        pytest.param("2099-01-01T00:00:00Z", None, id="a time to come, which another tap may have seen: all"),
    ],
)
def test_a_list_is_asked_from_before_its_mark(mark: str | None, since: str | None) -> None:
    """What changed shortly before the mark may not have been shown yet, so it is asked for again."""
    assert timedelta(hours=1) == LIST_OVERLAP
    found = DateBookmark(mark=mark).since(datetime(2026, 11, 20, tzinfo=UTC))
    assert (as_parameter(found) if found else None) == since


# Children

PARENT = {"tenant_id": "4242", "continue_from": "t"}


@pytest.mark.parametrize(
    ("bookmark", "state"),
    [
        pytest.param(ChildBookmark(), {}, id="nothing yet"),
        pytest.param(ChildBookmark(parent=PARENT), {"parent": PARENT}, id="its parent's bookmark"),
        pytest.param(
            ChildBookmark(parent=PARENT, last_full_visit=SUNDAY),
            {"parent": PARENT, "last_full_visit": SUNDAY},
            id="all parents visited",
        ),
        pytest.param(
            ChildBookmark(parent=PARENT, last_full_visit=SUNDAY, full_visit_began=MONDAY, recent=("a",)),
            {"parent": PARENT, "last_full_visit": SUNDAY, "full_visit_began": MONDAY, "recent": ["a"]},
            id="on the way through all parents again",
        ),
    ],
)
def test_a_child_comes_back_from_its_state(bookmark: ChildBookmark, state: dict[str, Any]) -> None:
    """The bookmark of a child holds its parent's, is written as JSON, and read again as it was."""
    written = bookmark.to_state("4242")
    unset: dict[str, Any] = {
        "parent": None,
        "last_full_visit": None,
        "full_visit_began": None,
        "answered_parents": [],
        "parent_ids": [],
        "recent": [],
    }
    assert json.loads(json.dumps(written)) == {"tenant_id": "4242"} | unset | state
    assert read_child_bookmark("notes", json.loads(json.dumps(written)), "4242") == bookmark


@pytest.mark.parametrize(
    ("last_full_visit", "is_due"),
    [
        pytest.param(None, True, id="never swept"),
        pytest.param(NOW - SWEEP_AFTER - timedelta(seconds=1), True, id="longer ago"),
        pytest.param(NOW - SWEEP_AFTER, True, id="just as long ago"),
        pytest.param(NOW - SWEEP_AFTER + timedelta(seconds=1), False, id="not as long ago"),
        pytest.param(NOW, False, id="now"),
        pytest.param(NOW + timedelta(days=1), True, id="by a clock that was ahead"),
    ],
)
def test_all_parents_are_visited_once_a_week(last_full_visit: datetime | None, is_due: bool) -> None:  # noqa: FBT001 - a column of the table
    """Where a change of a child does not show in its parent, all parents are visited again after a week."""
    assert timedelta(days=7) == SWEEP_AFTER
    bookmark = ChildBookmark(last_full_visit=as_parameter(last_full_visit) if last_full_visit else None)
    assert bookmark.is_due(NOW) is is_due


def test_a_sweep_under_way_is_not_one_that_ended() -> None:
    """A visit of all parents that broke off does not put off the next."""
    assert ChildBookmark(full_visit_began=as_parameter(NOW)).is_due(NOW)


@pytest.mark.parametrize(
    ("bookmark", "since"),
    [
        pytest.param(ChildBookmark(), None, id="never swept: all"),
        pytest.param(ChildBookmark(full_visit_began=MONDAY), None, id="the first sweep is under way: all"),
        pytest.param(
            ChildBookmark(last_full_visit="2026-11-16T08:00:00Z"),
            "2026-11-16T07:00:00Z",
            id="from before the last sweep",
        ),
        pytest.param(
            ChildBookmark(last_full_visit="2026-11-16T08:00:00Z", full_visit_began="2026-11-18T08:00:00Z"),
            "2026-11-16T07:00:00Z",
            id="a later sweep is under way",
        ),
        pytest.param(ChildBookmark(last_full_visit="2036-11-16T08:00:00Z"), None, id="by a clock that was ahead: all"),
    ],
)
def test_a_child_is_asked_from_before_the_last_sweep(bookmark: ChildBookmark, since: str | None) -> None:
    """What changed since all parents were last visited is asked for, whichever parent it is of."""
    found = bookmark.since(NOW)
    assert (as_parameter(found) if found else None) == since


# What all have in common

READERS = [
    pytest.param(read_feed_bookmark, id="feed"),
    pytest.param(read_date_bookmark, id="list"),
    pytest.param(read_child_bookmark, id="child"),
]


@pytest.mark.parametrize("read", READERS)
@pytest.mark.parametrize("owner", ["7", 7], ids=["a text", "a number"])
def test_the_bookmark_of_another_tenant_is_refused(read: Callable[..., object], owner: object) -> None:
    """Whatever the stream, a bookmark of another tenant is refused with both tenants and what to do."""
    with pytest.raises(StateError) as refusal:
        read("teams", {"tenant_id": owner}, "4242")
    assert str(refusal.value) == (
        "teams: the state has a bookmark of tenant 7, and the settings name tenant 4242; "
        "give the state of this tenant, or none for a first run"
    )


@pytest.mark.parametrize("read", READERS)
@pytest.mark.parametrize(
    "state",
    [{}, {"tenant_id": None}, {"tenant_id": 4242}, {"tenant_id": "4242"}],
    ids=["no state", "null", "a number", "a text"],
)
def test_the_same_tenant_is_not_refused(read: Callable[..., object], state: dict[str, Any]) -> None:
    """A tenant written as a number is the same tenant, and without a bookmark all is read."""
    assert read("teams", state, "4242") in (FeedBookmark(), DateBookmark(), ChildBookmark())


@pytest.mark.parametrize(
    ("read", "state", "said"),
    [
        pytest.param(
            read_date_bookmark,
            {"replication_key_value": 5},
            "replication_key_value: expected `str | null`, got `int`",
            id="mark a number",
        ),
        pytest.param(
            read_date_bookmark,
            {"replication_key_value": "soon"},
            "replication_key_value: expected a time, got something else",
            id="mark no time",
        ),
        pytest.param(
            read_date_bookmark,
            {"recent": {"a": 1}},
            "recent: expected `array`, got `object`",
            id="recent an object",
        ),
        pytest.param(
            read_child_bookmark, {"parent": "jobs"}, "parent: expected `object | null`, got `str`", id="parent a text"
        ),
        pytest.param(
            read_child_bookmark, {"parent": [{}]}, "parent: expected `object | null`, got `array`", id="parent a list"
        ),
        pytest.param(
            read_child_bookmark,
            {"last_full_visit": 5},
            "last_full_visit: expected `str | null`, got `int`",
            id="sweep a number",
        ),
        pytest.param(
            read_child_bookmark,
            {"last_full_visit": "soon"},
            "last_full_visit: expected a time, got something else",
            id="sweep no time",
        ),
        pytest.param(
            read_child_bookmark,
            {"full_visit_began": True},
            "full_visit_began: expected `str | null`, got `bool`",
            id="sweep true",
        ),
        pytest.param(
            read_child_bookmark,
            {"full_visit_began": "soon"},
            "full_visit_began: expected a time, got something else",
            id="its beginning no time",
        ),
        pytest.param(read_child_bookmark, {"recent": "a"}, "recent: expected `array`, got `str`", id="recent a text"),
    ],
)
def test_what_is_wrong_with_a_state_is_named(read: Callable[..., object], state: dict[str, Any], said: str) -> None:
    """A state of another shape is refused with the stream, the word that is wrong, and what to do."""
    with pytest.raises(StateError) as refusal:
        read("notes", {"tenant_id": "4242"} | state, "4242")
    assert str(refusal.value) == (
        f"notes: the state's {said}; fix the state, or remove the stream's bookmark to read the stream from its start"
    )


@pytest.mark.parametrize("read", READERS)
def test_bookmarks_for_each_parent_are_passed_over(read: Callable[..., object]) -> None:
    """The MeltanoLabs tap keeps a bookmark for each parent: where it did, the stream starts afresh."""
    partitions = [{"context": {"customer_id": 1}, "replication_key": "modifiedOn", "replication_key_value": MONDAY}]
    assert read("notes", {"partitions": partitions}, "4242") == read("notes", {}, "4242")


def test_a_date_of_the_other_tap_goes_on() -> None:
    """The date bookmark that the MeltanoLabs tap has of a list is one of this tap."""
    state = {"replication_key": "modifiedOn", "replication_key_value": MONDAY, "starting_replication_value": SUNDAY}
    assert read_date_bookmark("teams", state, "4242") == DateBookmark(mark=MONDAY)


LATE = 15
"""Minutes after which a change shows up, at the latest."""

BEGIN = datetime(2026, 1, 1, tzinfo=UTC)

FUTURE = -1
"""In a drawn feed: a row stamped years ahead."""

# What a feed gives in each run, page by page: minutes after the earliest time at which a row may have
# changed that was not shown before, in any order; none for a row without a stamp.
stamped = st.integers(0, 600) | st.none()
in_order = st.lists(st.lists(st.lists(stamped, max_size=4), min_size=1, max_size=5), min_size=1, max_size=4)
feeds = st.lists(
    st.lists(st.lists(stamped | st.just(FUTURE), max_size=4), min_size=1, max_size=5), min_size=1, max_size=4
)


class Page(NamedTuple):
    """A page of a drawn feed."""

    stamps: list[str]
    is_last: bool
    now: datetime


@settings(deadline=None, derandomize=True, max_examples=300)
@given(feed=feeds)
def test_nothing_still_to_come_lies_before_the_start(feed: list[list[list[int | None]]]) -> None:
    """In whatever order rows come, and wherever the token dies, none still to come is older than the new start."""
    pages = _pages(feed)
    bookmark = FeedBookmark()
    for number, page in enumerate(pages):
        bookmark = bookmark.advance(f"token {number}", latest(page.stamps), page.now, at_end=page.is_last)
        bookmark = read_feed_bookmark("jobs", json.loads(json.dumps(bookmark.to_state("1", "modifiedOn"))), "1")
        start = bookmark.start_again(BEGIN + timedelta(days=365))
        to_come = [stamp for later in pages[number + 1 :] for stamp in later.stamps]
        assert start is None or all(start <= stamp for stamp in to_come)


@settings(deadline=None, derandomize=True, max_examples=200)
@given(feed=in_order)
def test_no_more_is_read_again_than_needed(feed: list[list[list[int | None]]]) -> None:
    """At the end of a feed, reading starts again just the overlap before the latest change."""
    bookmark = FeedBookmark()
    seen: list[str] = []
    for page in _pages(feed):
        seen += page.stamps
        bookmark = bookmark.advance("t", latest(page.stamps), page.now, at_end=page.is_last)
        if page.is_last and seen:
            last = parse(max(seen))
            assert last is not None
            assert bookmark.start_again(BEGIN + timedelta(days=365)) == as_parameter(last - OVERLAP)


def _pages(feed: list[list[list[int | None]]]) -> list[Page]:
    """Turn a drawn feed into its pages: a change is shown late, and so may be older than what was shown before."""
    pages = []
    now = BEGIN + timedelta(minutes=LATE)
    for run in feed:
        earliest = now - timedelta(minutes=LATE)
        for number, drawn in enumerate(run, start=1):
            changes = [earliest + timedelta(minutes=one) for one in drawn if one not in (None, FUTURE)]
            now = max([now, *changes])
            ahead = ["2099-01-01T00:00:00Z" for one in drawn if one == FUTURE]
            pages.append(Page([*map(as_parameter, changes), *ahead], number == len(run), now))
    return pages


# Reports


@pytest.mark.parametrize(
    ("days", "known"),
    [
        pytest.param({"read_to": "2026-11-19"}, {"read_to": "2026-11-19"}, id="read to yesterday"),
        pytest.param({"read_to": "2026-11-20"}, {"read_to": "2026-11-20"}, id="read to today"),
        pytest.param({"read_to": "2036-11-19"}, {}, id="read to a day to come: all"),
        pytest.param(
            {"read_to": "2026-11-01", "resume_from": "2026-11-21", "resume_until": "2026-11-18"},
            {"read_to": "2026-11-01", "resume_from": "2026-11-21", "resume_until": "2026-11-18"},
            id="broke off behind the last window",
        ),
        pytest.param(
            {"read_to": "2026-11-01", "resume_from": "2036-11-21", "resume_until": "2036-11-18"},
            {"read_to": "2026-11-01"},
            id="broke off on a day to come",
        ),
    ],
)
def test_a_report_does_not_trust_days_to_come(days: dict[str, str], known: dict[str, str]) -> None:
    """After one answer with a wrong clock, a report is read from its last sound day, or from its first."""
    read = [read_report_bookmark("report_1", {"tenant_id": "1", **one}, "1") for one in (days, known)]
    assert read[0].known_on(NOW.date()) == read[1]
