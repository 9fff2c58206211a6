"""Meltano can lay a new state over the old one key by key: that must give the new one."""

from __future__ import annotations

import functools
from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tap_servicetitan.errors import StateError
from tap_servicetitan.state.bookmarks import (
    ChildBookmark,
    DateBookmark,
    FeedBookmark,
    read_date_bookmark,
)
from tap_servicetitan.state.report_bookmark import ReportBookmark, read_report_bookmark


def merged(old: Any, new: Any) -> Any:  # noqa: ANN401 - any JSON value
    """Lay one state over another, as Meltano does."""
    if isinstance(old, dict) and isinstance(new, dict):
        return old | {name: merged(old.get(name), value) for name, value in new.items()}
    return new


texts = st.none() | st.sampled_from(["2026-11-15T08:00:00Z", "2026-11-16T08:00:00Z"])
days = st.none() | st.dates(date(2026, 1, 1), date(2026, 12, 31))
rows = st.lists(st.sampled_from(["a", "b", "c"]), max_size=2).map(tuple)
feeds = st.builds(
    FeedBookmark, token=texts, mark=texts, settled=texts, at_end=st.booleans(), start_date=texts, recent=rows
)
lists = st.builds(DateBookmark, mark=texts, start_date=texts, parent_ids=rows, recent=rows)
written_feeds = feeds.map(lambda one: one.to_state("1", "modifiedOn"))
written_lists = lists.map(lambda one: one.to_state("1", "modifiedOn"))


def written_children(parents: st.SearchStrategy[dict[str, Any]]) -> st.SearchStrategy[dict[str, Any]]:
    """Draw bookmarks of children, with or without one of their parents."""
    bookmarks = st.builds(
        ChildBookmark,
        parent=parents | st.none(),
        last_full_visit=texts,
        full_visit_began=texts,
        answered_parents=st.lists(st.dictionaries(st.just("id"), st.integers(1, 3), min_size=1), max_size=2).map(tuple),
        parent_ids=rows,
        recent=rows,
    )
    return bookmarks.map(lambda one: one.to_state("1"))


written_reports = st.builds(
    ReportBookmark,
    read_to=days,
    resume_from=days,
    resume_until=days,
    window_layout=st.none() | st.just("2026-09-01/30"),
    window_splits=st.lists(st.dates(), max_size=2).map(tuple),
    column_types=st.lists(st.tuples(st.sampled_from(["A", "B"]), st.sampled_from(["text", "number"]))).map(tuple),
    run_at=texts,
).flatmap(lambda one: st.sampled_from([one.to_state("1", cursor) for cursor in (None, "_run_at")]))


@pytest.mark.parametrize(
    "written",
    [
        pytest.param(written_feeds, id="feed"),
        pytest.param(written_lists, id="list"),
        pytest.param(written_children(written_feeds), id="child of a feed"),
        pytest.param(written_children(written_children(written_lists)), id="grandchild"),
        pytest.param(written_reports, id="report"),
    ],
)
@settings(deadline=None, derandomize=True, max_examples=150)
@given(data=st.data())
def test_merging_states_gives_the_last_one(written: st.SearchStrategy[dict[str, Any]], data: st.DataObject) -> None:
    """Whatever an earlier state of the stream says, nothing of it lives on in what later ones are laid over."""
    states = data.draw(st.lists(written, min_size=2, max_size=4))
    assert functools.reduce(merged, states) == states[-1]


def test_a_merged_state_of_the_other_tap_is_accepted() -> None:
    """What only the MeltanoLabs tap writes stays in a merged state, and stops nothing."""
    old = {
        "replication_key": "modifiedOn",
        "replication_key_value": "2026-11-01T00:00:00Z",
        "starting_replication_value": "2026-10-01T00:00:00Z",
        "progress_markers": {"Note": "x"},
        "partitions": [],
    }
    new = DateBookmark(mark="2026-11-16T08:00:00Z")
    assert read_date_bookmark("teams", merged(old, new.to_state("1", "modifiedOn")), "1") == new


@pytest.mark.parametrize("types", [{"A": "text"}, [["A"]], [["A", 1]], "A"])
def test_column_types_of_another_shape_are_refused(types: object) -> None:
    """The refusal names the report, the word and what to do."""
    with pytest.raises(StateError, match=r"report_1: the state's column_types.*: expected `\w+`.*; fix"):
        read_report_bookmark("report_1", {"tenant_id": "1", "column_types": types}, "1")
