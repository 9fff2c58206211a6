"""The state file: what cannot be used is refused in a sentence, and it stays small whatever changes."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from tap_servicetitan.catalog.endpoints import BY_NAME
from tap_servicetitan.catalog.schema import stream_schema
from tap_servicetitan.sandbox.server import Sandbox, serve
from tap_servicetitan.state.bookmarks import RECENT_REACH, FeedBookmark
from tap_servicetitan.state.columns import column_paths
from tap_servicetitan.state.dedup import LIMIT, Recent
from tests.support.invoking import invoke, write
from tests.support.running import FEEDS, Message, Output, catalog_of, run, run_command, texts, truth

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

STREAMS = ("customers", "bookings", "booking_contacts", "contacts", "attributed_leads")
"""A feed, one with children, its child, a list, and windows."""


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    """Run a small tenant whose feeds have many pages; its clock stands still."""
    with serve(seed=1, scale=0.002, page_size=20) as running:
        yield running


def resumed(sandbox: Sandbox, folder: Path, state: object) -> Output:
    """Run the command line from a state."""
    config, chosen = write(folder / "config.json", sandbox.config), write(folder / "catalog.json", catalog_of(*STREAMS))
    return invoke("--config", config, "--catalog", chosen, "--state", write(folder / "state.json", state))


def of(stream: str, **bookmark: object) -> Message:
    """Make a state with one bookmark."""
    return {"bookmarks": {stream: bookmark}}


@pytest.mark.parametrize(
    ("state", "said"),
    [
        pytest.param(b'{"bookmarks": {"cust', "cannot be read as JSON", id="cut short"),
        pytest.param(b"\xff\xfe{", "cannot be read as JSON", id="no text"),
        pytest.param(b"[" * 100_000, "cannot be read as JSON", id="nested without end"),
        pytest.param([], "it holds a list, not a JSON object", id="an empty list"),
        pytest.param([1], "it holds a list, not a JSON object", id="a list"),
        pytest.param(5, "it holds a number, not a JSON object", id="a number"),
        pytest.param(None, "it holds null, not a JSON object", id="null"),
        pytest.param(
            b'{"bookmarks": {}}\n{"bookm', "line 2, cannot be read as JSON", id="a last line that is cut short"
        ),
        pytest.param({"type": "STATE", "value": {"bookmarks": {}}}, "not of the form", id="a whole message"),
        pytest.param({"bookmarks": []}, "not of the form", id="bookmarks in a list"),
        pytest.param({"bookmarks": {"customers": "t"}}, "not of the form", id="a bookmark that is a text"),
        pytest.param({"bookmarks": {"users": {"since": "2026"}}}, "state is of another tap", id="another tap's"),
        pytest.param(
            of("customers", tenant_id="4242", continue_from="t", shards=[1]),
            "shards, which this",
            id="a newer version's",
        ),
        pytest.param(of("customers", tenant_id="1"), "a bookmark of tenant 1", id="another tenant's feed"),
        pytest.param(of("contacts", tenant_id="1"), "a bookmark of tenant 1", id="another tenant's list"),
        pytest.param(of("booking_contacts", tenant_id=1), "a bookmark of tenant 1", id="another tenant's child"),
        pytest.param(
            of("booking_contacts", tenant_id="4242", parent={"tenant_id": "1"}),
            "a bookmark of tenant 1",
            id="another tenant's parent",
        ),
        pytest.param(of("attributed_leads", tenant_id="1"), "a bookmark of tenant 1", id="another tenant's windows"),
        pytest.param(of("customers", continue_from=3), "customers: the state's continue_from", id="a token of digits"),
        pytest.param(of("customers", recent="all"), "customers: the state's recent", id="recent as a text"),
        pytest.param(of("customers", replication_key_value="soon"), "expected a time", id="a mark that is no time"),
        pytest.param(of("contacts", replication_key_value=5), "contacts: the state's", id="a list's mark of digits"),
        pytest.param(of("booking_contacts", parent=[]), "booking_contacts: the state's parent", id="parent as a list"),
        pytest.param(of("booking_contacts", last_full_visit="soon"), "expected a time", id="a sweep at no time"),
    ],
)
def test_a_state_that_cannot_be_used_is_refused(sandbox: Sandbox, tmp_path: Path, state: object, said: str) -> None:
    """Before anything is read: one sentence that says what is wrong with it, exit code 1, nothing on stdout."""
    sandbox.forget_requests()
    output = resumed(sandbox, tmp_path, state)
    assert (output.code, output.error, output.raw) == (1, None, b"")
    (line,) = [one for one in output.log.splitlines() if one.startswith("ERROR")]
    assert said in line
    assert "Traceback" not in output.log
    assert sandbox.requests() == []


def test_the_last_line_of_a_file_of_states_counts(sandbox: Sandbox, tmp_path: Path) -> None:
    """What a target writes is a state a line: the last one is the newest, and the log says that it is used."""
    first = resumed(sandbox, tmp_path, {})
    states = [json.dumps(one["value"]) for one in first.messages if one["type"] == "STATE"]
    again = resumed(sandbox, tmp_path, "\r\n".join([*states, ""]).encode("utf-16"))
    assert (again.code, again.error) == (0, None)
    assert again.bookmarks["customers"] == first.bookmarks["customers"]
    assert not again.records["customers"]
    assert f"has {len(states)} lines; the state of the last one is used" in again.log


@pytest.mark.parametrize(
    ("state", "warns"),
    [({}, False), ({"bookmarks": {}}, False), (b"", True), (b" \r\n", True), (b"\xef\xbb\xbf", True)],
    ids=["nothing", "no bookmarks", "an empty file", "a blank line", "a byte order mark"],
)
def test_an_empty_state_is_a_first_run(sandbox: Sandbox, tmp_path: Path, state: object, *, warns: bool) -> None:
    """What Meltano gives before there is a state is not an error; nor is an empty file, of which a warning tells."""
    output = resumed(sandbox, tmp_path, state)
    assert ("is empty, so this is a first run" in output.log) is warns
    assert (output.code, output.error) == (0, None)
    assert len(output.records["customers"]) == len(sandbox.rows("customers"))


def test_a_stream_that_is_gone_does_not_hold_up_the_others(sandbox: Sandbox, tmp_path: Path) -> None:
    """A bookmark of a stream that this version does not have is passed over."""
    state = run(sandbox.config, "customers").state
    state["bookmarks"]["a_stream_of_the_past"] = {"anything": 1}
    output = resumed(sandbox, tmp_path, state)
    assert output.code == 0
    assert output.records["customers"] == []


def test_a_state_of_the_other_tap_end_to_end(sandbox: Sandbox, tmp_path: Path) -> None:
    """Whoever comes from the MeltanoLabs tap hands its state in, and gets all that changed since, and little more."""
    with serve(seed=2, scale=0.02, page_size=20) as other:
        dates = {stream: [row["modifiedOn"] for row in other.rows(stream)] for stream in ("customers", "jobs")}
        middle = {stream: sorted(found)[len(found) // 2] for stream, found in dates.items()}
        bookmarks: dict[str, Any] = {
            stream: {"replication_key": "modifiedOn", "replication_key_value": mark} for stream, mark in middle.items()
        }
        # It keeps a bookmark for each parent of a child; that cannot be gone on from.
        bookmarks["job_attachments"] = {"partitions": [{"context": {"job_id": 1}, "replication_key_value": None}]}
        chosen = write(tmp_path / "catalog.json", catalog_of("customers", "jobs", "job_attachments"))
        output = run_command(tmp_path, other.config, "--catalog", chosen, state={"bookmarks": bookmarks})
        assert output.code == 0, output.log
        for stream, mark in middle.items():
            changed = [row for row in truth(other, stream) if row["modifiedOn"] >= mark]
            assert {*texts(changed)} <= {*texts(output.records[stream])}
            assert len(output.records[stream]) < len(dates[stream])
            assert output.bookmarks[stream]["continue_from"]
        assert texts(output.records["job_attachments"]) == texts(truth(other, "job_attachments"))
        again = run_command(tmp_path, other.config, "--catalog", chosen, state=output.state)
        assert again.records == {}
    del sandbox


A_MILLION = 1_000_000


def test_the_state_stays_small_at_a_million_changes() -> None:
    """A million changed rows within an hour, with recent changes: the state is bounded all the while."""
    recent, bookmark = Recent(), FeedBookmark()
    began = datetime(2026, 11, 1, tzinfo=UTC)
    largest, page = 0, 5_000
    for first in range(0, A_MILLION, page):
        now = began + timedelta(milliseconds=3 * first)
        stamp = now.isoformat()
        for number in range(first, first + page):
            recent.is_new((number,), stamp, bytes)
        recent.forget(stamp, RECENT_REACH)
        bookmark = bookmark.advance("t" * 100, stamp, now, at_end=False)
        largest = max(largest, len(recent.entries()))
    state = FeedBookmark(token=bookmark.token, mark=bookmark.mark, recent=tuple(recent.entries())).to_state(
        "4242", "modifiedOn"
    )
    assert largest <= LIMIT
    # docs/reliability.md has the figures.
    assert len(json.dumps(state)) < 500_000


def test_the_state_of_all_feeds_without_recent_changes_is_a_few_lines(sandbox: Sandbox) -> None:
    """A bookmark is a token and a mark, some 300 bytes for each feed, and three letters for each column."""
    bookmarks = run(sandbox.config, *FEEDS).bookmarks
    columns = {name: [*column_paths(stream_schema(BY_NAME[name]), lambda _: True)] for name in FEEDS}
    assert all(0 < len(one.pop("columns")) <= 3 * len(columns[name]) for name, one in bookmarks.items())
    assert len(json.dumps({"bookmarks": bookmarks})) < 300 * len(FEEDS)
