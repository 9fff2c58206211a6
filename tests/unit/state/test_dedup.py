"""De-duplication: every version comes out, and none twice that can be known to be a repeat."""

from __future__ import annotations

import itertools
import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tap_servicetitan.readers.repeats import without_repeats
from tap_servicetitan.records.records import DictRecords
from tap_servicetitan.state import dedup as under_test
from tap_servicetitan.state.bookmarks import RECENT_REACH
from tap_servicetitan.state.dedup import ALWAYS, BUDGET, LIMIT, Recent, most_entries, trimmed
from tap_servicetitan.state.timestamps import as_parameter, latest

BEGIN = datetime(2026, 11, 1, tzinfo=UTC)
REACH = int(RECENT_REACH.total_seconds()) // 60
"""In minutes."""


def is_new(recent: Recent, key: tuple[Any, ...], stamp: str | None, row: dict[str, Any]) -> bool:
    """Ask with a row whose content is as the records of a page give it."""
    return recent.is_new(key, stamp, lambda: DictRecords([row]).content(0))


class Row(NamedTuple):
    """A version of a row: its id, the minute of its change, and the rest."""

    id: int
    minute: int | None
    content: int

    @property
    def stamp(self) -> str | None:
        """When it changed, as the API writes it."""
        return None if self.minute is None else as_parameter(BEGIN + timedelta(minutes=self.minute))

    @property
    def version(self) -> object:
        """What makes it another version: the time of change, or where there is none, the content."""
        return (self.id, self.minute) if self.minute is not None else self

    @property
    def record(self) -> dict[str, Any]:
        """The row as the API sends it."""
        return {"id": self.id, "modifiedOn": self.stamp, "content": self.content}


class Reader:
    """Reads pages as the tap does, and keeps what comes out."""

    def __init__(self, limit: int = LIMIT) -> None:
        """Begin with nothing read."""
        self.limit = limit
        self.recent = Recent(limit=limit, in_stretches=True)
        self.mark: str | None = None
        self.written: list[Row] = []

    def read(self, page: list[Row]) -> None:
        """Read a page: what is new comes out, what cannot come again is forgotten."""
        new = self.recent.are_new(
            [(row.id,) for row in page], [row.stamp for row in page], DictRecords(row.record for row in page).content
        )
        self.written += itertools.compress(page, new)
        self.mark = latest([self.mark, *(row.stamp for row in page)])
        self.recent.forget(self.mark, RECENT_REACH)

    def restart(self) -> None:
        """End the run and begin the next, with nothing but what the state holds."""
        self.recent = Recent(json.loads(json.dumps(self.recent.entries())), limit=self.limit, in_stretches=True)


# Few ids, minutes and contents, so that repeats are many; minutes on both sides of the reach.
rows = st.builds(Row, st.integers(1, 3), st.sampled_from([*range(0, 4 * REACH, 20), None]), st.integers(0, 1))
pages = st.lists(st.tuples(st.lists(rows, max_size=6), st.booleans()), max_size=10)


@settings(deadline=None, derandomize=True, max_examples=300)
@given(pages=pages, limit=st.integers(1, 8), always=st.integers(0, 3))
def test_every_version_comes_out(pages: list[tuple[list[Row], bool]], limit: int, always: int) -> None:
    """However small the memory, in whatever order and over however many runs, no version is taken for another."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(under_test, "ALWAYS", always)
        patch.setattr(under_test, "SHORTEST_STRETCH", 2)
        reader = Reader(limit)
        for page, ends_the_run in pages:
            reader.read(page)
            assert len(reader.recent.entries()) <= limit
            if ends_the_run:
                reader.restart()
    assert {row.version for row in reader.written} == {row.version for page, _ in pages for row in page}


@settings(deadline=None, derandomize=True, max_examples=300)
@given(pages=pages, always=st.integers(0, 3))
def test_no_repeat_comes_out(pages: list[tuple[list[Row], bool]], always: int) -> None:
    """A repeat no older than the reach behind the mark stays in, in this run and in the next."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(under_test, "ALWAYS", always)
        patch.setattr(under_test, "SHORTEST_STRETCH", 2)
        reader = Reader()
        highest, read = 0, []
        for page, ends_the_run in pages:
            # What lies further back cannot come again.
            page = [row for row in page if row.minute is None or row.minute >= highest - REACH]  # noqa: PLW2901 - only these
            reader.read(page)
            read += page
            highest = max([highest, *(row.minute for row in page if row.minute is not None)])
            if ends_the_run:
                reader.restart()
    assert reader.written == expected_of(read)


def expected_of(read: list[Row]) -> list[Row]:
    """Leave out each version that a timestamp tells and that came before, and each content that was the last one."""
    found: list[Row] = []
    versions: set[object] = set()
    contents: dict[int, int] = {}
    for row in read:
        is_repeat = row.version in versions if row.minute is not None else contents.get(row.id) == row.content
        if not is_repeat:
            found.append(row)
        if row.minute is None:
            contents[row.id] = row.content
        else:
            versions.add(row.version)
    return found


KEYS: list[tuple[Any, ...]] = [
    (1,),
    ("1",),
    (True,),
    ("true",),
    (None,),
    ("null",),
    ("",),
    (1, 2),
    (12,),
    ("a", "b|c"),
    ("a|b", "c"),
    ("a", "b", "c"),
    ('a","b', "c"),
    (Decimal("1.5"),),
    ("1.5",),
    (2**70,),
]


@pytest.mark.parametrize("stamp", ["2026-11-01T00:00:00Z", None], ids=["with a stamp", "without a stamp"])
def test_keys_are_not_confused(stamp: str | None) -> None:
    """Keys that are written alike are different keys."""
    recent = Recent()
    assert [key for key in KEYS if not is_new(recent, key, stamp, {})] == []
    assert [key for key in KEYS if is_new(recent, key, stamp, {})] == []


@pytest.mark.parametrize(
    ("first", "second", "comes"),
    [
        pytest.param(("a", {"x": 1}), ("a", {"x": 1}), False, id="the same"),
        pytest.param(("a", {"x": 1}), ("b", {"x": 1}), True, id="another stamp"),
        pytest.param(("2026-11-01T00:00:00.1Z", {}), ("2026-11-01T00:00:00.1000001Z", {}), True, id="the last digit"),
        # The API says when a row changed: the same row again with the same stamp is a repeat.
        pytest.param(("a", {"x": 1}), ("a", {"x": 2}), False, id="another content with the same stamp"),
        pytest.param((None, {"x": 1}), (None, {"x": 1}), False, id="no stamp, the same content"),
        pytest.param(
            (None, {"x": 1, "y": [2]}), (None, {"y": [2], "x": 1}), False, id="no stamp, another order of fields"
        ),
        pytest.param((None, {"x": 1}), (None, {"x": 2}), True, id="no stamp, another content"),
        pytest.param((None, {"x": {"y": 1}}), (None, {"x": {"y": 2}}), True, id="no stamp, another content within"),
        pytest.param((None, {"x": Decimal("1.1")}), (None, {"x": Decimal("1.10")}), True, id="no stamp, other digits"),
        pytest.param((None, {"x": 1}), (None, {"x": "1"}), True, id="no stamp, another type"),
        pytest.param((None, {"x": 1}), ("", {"x": 1}), False, id="an empty stamp is none"),
        pytest.param((None, {"x": 1}), ("a", {"x": 1}), True, id="a stamp where there was none"),
    ],
)
def test_a_version(first: tuple[str | None, Any], second: tuple[str | None, Any], comes: bool) -> None:  # noqa: FBT001 - a column of the table
    """A version is a key with a stamp, or without a stamp, a key with a content."""
    recent = Recent()
    assert is_new(recent, (1,), *first)
    assert is_new(recent, (1,), *second) is comes


def test_a_row_without_a_stamp_is_known_in_the_next_run() -> None:
    """The hash of a row is the same in every process: it is written out here."""
    recent = Recent()
    assert is_new(recent, (7, "a"), None, {"id": 7, "note": "b"})
    (entry,) = recent.entries()
    assert entry == "|ghjT7zbPwpQUIymKDzz1HMWr"
    assert not is_new(Recent(recent.entries()), (7, "a"), None, {"id": 7, "note": "b"})


@pytest.mark.parametrize("by_content", [False, True])
def test_when_the_memory_is_full_a_few_rows_come_again(by_content: bool) -> None:  # noqa: FBT001 - a column of the table
    """Of a tenth more rows than the limit, a tenth come again in each run, and always the same ones."""
    recent = Recent(limit=500, by_content=by_content)
    repeated = []
    for _ in range(4):
        repeated.append([number for number in range(550) if is_new(recent, (number,), "s", {"id": number})])
        recent.forget(None, RECENT_REACH)
        recent = Recent(json.loads(json.dumps(recent.entries())), limit=500, by_content=by_content)
    assert [len(one) for one in repeated] == [550, 50, 50, 50]
    assert repeated[1] == repeated[2] == repeated[3]


@pytest.mark.parametrize("by_content", [False, True])
def test_far_beyond_the_limit_rows_are_known_by_their_stretch(by_content: bool) -> None:  # noqa: FBT001 - a column of the table
    """Ten times as many rows as the limit, in other pages each time, and some of them change: few come again."""
    limit, page, stamps = 2_500, 5_000, ["2026-11-01T00:00:00Z"] * 25_000
    recent, came = Recent(limit=limit, by_content=by_content, in_stretches=True), []
    for run in range(3):
        changed = [number for number in range(25_000) if number % 10_000 == run]
        for number in changed:
            stamps[number] = f"2026-11-01T00:0{run}:00Z"
        new: list[int] = []
        for first in range(-97 * run, 25_000, page):
            numbers = range(max(first, 0), min(first + page, 25_000))
            told = recent.are_new(
                [(number,) for number in numbers],
                [stamps[number] for number in numbers],
                lambda place, numbers=numbers: stamps[numbers[place]].encode(),  # type: ignore[misc]
            )
            new += itertools.compress(numbers, told)
        recent.forget(None, RECENT_REACH)
        assert len(recent.entries()) <= limit
        recent = Recent(json.loads(json.dumps(recent.entries())), limit, by_content=by_content, in_stretches=True)
        assert {*changed} <= {*new}
        came.append(len(new))
    assert came[0] == 25_000
    assert max(came[1:]) < 25_000 * 0.06


@pytest.mark.parametrize("by_content", [False, True])
def test_a_stretch_does_not_bring_back_what_a_row_said_before(by_content: bool) -> None:  # noqa: FBT001 - a column of the table
    """A figure that goes from 10 to 20 and back is emitted each time, in stretches too."""
    recent, limit = Recent(by_content=by_content, in_stretches=True), 10_000
    stamp = "2026-11-01T00:00:00Z" if by_content else None
    for figure, is_new_one in [(10, True), (10, False), (20, True), (10, True), (10, False)]:
        told = recent.are_new([(n,) for n in range(40)], [stamp] * 40, lambda _, figure=figure: bytes([figure]))  # type: ignore[misc]
        assert told == [is_new_one] * 40
        # Only stretches are left of it: what the limit does to rows.
        kept = [one for one in recent.entries() if under_test.STRETCH in one] if by_content else recent.entries()
        recent = Recent(kept, limit, by_content=by_content, in_stretches=True)


KEY_OF_NUMBERS = [17, "2026-10-01T00:00:00Z"]
DIGEST = "0123456789abcdef" * 4


@pytest.mark.parametrize("key", [[DIGEST], KEY_OF_NUMBERS, [DIGEST[:-1]], [None, "a|b"], [2**70]])
def test_a_row_that_does_not_come_again_can_be_named(key: list[Any]) -> None:
    """In the run after, by its timestamp and key: once, when it was due, and not if it came."""
    recent = Recent(by_content=True, with_keys=True)
    for one in (key, ["other"]):
        assert is_new(recent, (*one,), "2026-10-01", {"clicks": 1})
    assert recent.take_gone(lambda _: True) == [], "what came in this run"
    later = Recent(json.loads(json.dumps(recent.entries())), by_content=True, with_keys=True)
    assert not is_new(later, ("other",), "2026-10-01", {"clicks": 1})
    assert later.take_gone(lambda stamp: stamp > "2026-10-01") == []
    assert later.take_gone(lambda stamp: stamp == "2026-10-01") == [("2026-10-01", key)]
    assert later.take_gone(lambda _: True) == []
    assert is_new(later, (*key,), "2026-10-01", {"clicks": 1}), "it is back"


@pytest.mark.parametrize(("stamp", "by_content"), [(None, False), ("2026-11-01T00:00:00Z", True)])
def test_what_goes_back_to_an_earlier_content_has_changed(stamp: str | None, by_content: bool) -> None:  # noqa: FBT001 - a column of the table
    """A figure that goes from 10 to 20 and back to 10 is emitted three times, also over several runs."""
    emitted = []
    recent = Recent(by_content=by_content)
    for figure in (10, 10, 20, 20, 10, 10):
        emitted.append(is_new(recent, (1,), stamp, {"figure": figure}))
        recent = Recent(json.loads(json.dumps(recent.entries())), by_content=by_content)
    assert emitted == [True, False, True, False, True, False]


@given(counts=st.lists(st.integers(0, 3 * LIMIT), max_size=130))
def test_all_streams_share_a_budget(counts: list[int]) -> None:
    """However many rows are recent, the streams remember no more than the budget, and waste none of it."""
    limit = most_entries(counts, BUDGET)
    kept = sum(min(count, limit) for count in counts)
    assert kept <= BUDGET
    assert limit == LIMIT or kept > BUDGET - len(counts)


def test_a_thousand_figures_a_day_are_known_over_eight_days() -> None:
    """Eight days that are read again in each run, with a thousand keywords each: none of them comes again."""
    recent = Recent(by_content=True)
    for run in range(3):
        rows = [(f"2026-11-{day:02}", number) for day in range(1, 9) for number in range(1_000)]
        came = [is_new(recent, row, f"{row[0]}T00:00:00Z", {"clicks": 1}) for row in rows]
        assert sum(came) == (0 if run else 8_000)
        recent.forget("2026-11-09T00:00:00Z", timedelta(days=8))
        recent = Recent(json.loads(json.dumps(recent.entries())), by_content=True)


def test_trimming_follows_the_rule_of_reading() -> None:
    """What is left of a list that is too long is what a reading with that limit would have kept."""
    wide, narrow = Recent(), Recent(limit=20)
    for number in range(60):
        is_new(wide, (number,), None, {})
        is_new(narrow, (number,), None, {})
    narrow.forget(None, RECENT_REACH)
    assert trimmed(wide.entries(), 20) == narrow.entries()


def test_what_cannot_come_again_is_forgotten() -> None:
    """Versions further back than the reach go, so that a state is small, but for a few of the newest."""
    recent = Recent()
    for number in range(ALWAYS + 50):
        is_new(recent, (number,), "2026-11-01T00:00:00Z", {})
    recent.forget("2026-11-01T01:00:00Z", RECENT_REACH)
    assert len(recent.entries()) == ALWAYS + 50, "at the reach: may still come"
    recent.forget("2026-11-01T01:00:01Z", RECENT_REACH)
    known = Recent(recent.entries())
    come = [number for number in range(ALWAYS + 50) if is_new(known, (number,), "2026-11-01T00:00:00Z", {})]
    assert come == list(range(50)), "the oldest go"


@pytest.mark.parametrize("stamp", ["soon", ""], ids=["no time", "no stamp"])
def test_what_has_no_time_has_no_age(stamp: str) -> None:
    """A version whose age is unknown is not forgotten for its age."""
    recent = Recent()
    for number in range(ALWAYS + 50):
        is_new(recent, (number,), stamp, {})
    recent.forget("2026-11-01T00:00:00Z", RECENT_REACH)
    assert len(recent.entries()) == ALWAYS + 50


def test_the_state_stays_small() -> None:
    """A stream remembers thousands of versions, not millions."""
    recent = Recent()
    for number in range(LIMIT + 1):
        is_new(recent, (number,), None, {})
    recent.forget(None, RECENT_REACH)
    assert len(recent.entries()) == LIMIT <= 10_000


@pytest.mark.parametrize(
    ("first", "second", "comes"),
    [
        pytest.param(("a", {"x": 1}), ("a", {"x": 1}), False, id="the same"),
        pytest.param(("a", {"x": 1}), ("a", {"x": 2}), True, id="another content with the same stamp"),
        pytest.param(("a", {"x": 1}), ("b", {"x": 1}), True, id="another stamp"),
        pytest.param(("a", {"x": 1, "y": 2}), ("a", {"y": 2, "x": 1}), False, id="another order of fields"),
        pytest.param(("a", {"x": [1, 2]}), ("a", {"x": [2, 1]}), True, id="another order of a list"),
        pytest.param(("a", {"x": Decimal("1.10")}), ("a", {"x": Decimal("1.1")}), True, id="other digits"),
        pytest.param((None, {"x": 1}), (None, {"x": 1}), False, id="no stamp, the same"),
        pytest.param((None, {"x": 1}), (None, {"x": 2}), True, id="no stamp, another content"),
    ],
)
def test_a_version_by_content(first: tuple[str | None, Any], second: tuple[str | None, Any], comes: bool) -> None:  # noqa: FBT001 - a column of the table
    """Where a stamp does not tell every change, only what is the same in every field is a repeat, in each run."""
    recent = Recent(by_content=True)
    assert is_new(recent, (1,), *first)
    assert is_new(recent, (1,), *second) is comes
    assert not is_new(recent, (1,), *second)
    next_run = Recent(json.loads(json.dumps(recent.entries())), by_content=True)
    assert not is_new(next_run, (1,), *second)


def test_a_version_by_content_has_an_age() -> None:
    """A version that is known by its content is forgotten for its age, and none is kept whatever its age."""
    recent = Recent(by_content=True)
    for number in range(ALWAYS + 50):
        is_new(recent, (number, "a|b"), "2026-11-01T00:00:00Z", {})
    recent.forget("2026-11-01T01:00:00Z", RECENT_REACH)
    assert {entry.rpartition("|")[0] for entry in recent.entries()} == {"2026-11-01T00:00:00Z"}
    assert len(recent.entries()) == ALWAYS + 50
    recent.forget("2026-11-01T01:00:01Z", RECENT_REACH)
    assert recent.entries() == []


@pytest.mark.parametrize(
    ("stamp", "by_content", "asked"),
    [("a", False, 0), ("a", True, 1), (None, False, 1), ("", False, 1), (None, True, 1)],
)
def test_the_content_is_asked_for_only_if_needed(stamp: str | None, by_content: bool, asked: int) -> None:  # noqa: FBT001 - a column of the table
    """To write a row out costs time, and is done only where key and stamp do not suffice."""
    times: list[bytes] = []

    def content() -> bytes:
        times.append(b"all of it")
        return times[-1]

    Recent(by_content=by_content).is_new((1,), stamp, content)
    assert len(times) == asked


def test_repeats_are_sifted_out_of_a_page() -> None:
    """Of the records of a page, those come that were not there before, in their order."""
    recent = Recent()
    page: list[dict[str, Any]] = [
        {"id": 1, "on": "a"},
        {"id": 2, "on": "a"},
        {"id": 1, "on": "a"},
        {"id": 1, "on": "b"},
        {"id": 3},
        {"id": 3},
    ]

    def sifted(items: list[dict[str, Any]]) -> list[dict[str, Any]]:
        found = DictRecords(items)
        return without_repeats(recent, found, ("id",), found.texts("on")).dicts()

    assert sifted(page) == [page[0], page[1], page[3], page[4]]
    assert sifted(page) == []
    assert sifted([{"id": 4, "on": "a"}, *page, {"id": 3, "x": 1}]) == [{"id": 4, "on": "a"}, {"id": 3, "x": 1}]
