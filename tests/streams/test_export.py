"""Reading an export feed, against the sandbox: the rows that come, and the requests that are made."""

from __future__ import annotations

import json
import logging
from typing import TYPE_CHECKING, Any

import pytest

from tap_servicetitan.catalog.endpoints import ENDPOINTS
from tap_servicetitan.errors import RunError, StateError
from tap_servicetitan.state.dedup import LIMIT
from tests.support.running import FEEDS, Output, run, truth

if TYPE_CHECKING:
    from tap_servicetitan.sandbox.server import Sandbox

DAY = 86_400.0
QUARTER = 900.0


def queries(sandbox: Sandbox, stream: str) -> list[dict[str, str]]:
    """List the queries that a stream made since requests were last forgotten."""
    return [request["query"] for request in sandbox.requests(stream)]


def ids(output: Output, stream: str) -> list[Any]:
    """List the ids that a stream wrote."""
    return [row["id"] for row in output.records[stream]]


def ids_of(sandbox: Sandbox, stream: str) -> list[Any]:
    """List the ids that there are."""
    return [row["id"] for row in sandbox.rows(stream)]


def test_a_first_run_brings_every_row_once(sandbox: Sandbox) -> None:
    """Without a start date, a feed is read from its first record to its last, each row once."""
    output = run(sandbox.config, "customers")
    assert sorted(ids(output, "customers")) == sorted(ids_of(sandbox, "customers"))
    pages = queries(sandbox, "customers")
    assert pages[0] == {}
    assert all(query.keys() == {"from"} for query in pages[1:])
    assert len(pages) > 1


def test_an_idle_run_asks_once_and_writes_no_row(sandbox: Sandbox) -> None:
    """Where nothing changed, each stream costs one request, with the token that the last run ended on."""
    first = run(sandbox.config, *FEEDS)
    sandbox.forget_requests()
    second = run(sandbox.config, *FEEDS, state=first.state)
    assert second.counts == {}
    for feed in FEEDS:
        assert [query["from"] for query in queries(sandbox, feed)] == [first.bookmarks[feed]["continue_from"]]


def test_the_next_run_brings_exactly_what_changed(sandbox: Sandbox) -> None:
    """After n changes, the next run writes those n rows, in the version they have now."""
    state = run(sandbox.config, "customers", "jobs").state
    touched = sandbox.touch("customers", 7)
    sandbox.touch("jobs", 3, create=2)
    sandbox.advance(QUARTER + 1)
    changed = {row["id"]: row for row in sandbox.rows("customers") if row["modifiedOn"] >= touched["now"]}
    output = run(sandbox.config, "customers", "jobs", state=state)
    assert {row["id"]: row["modifiedOn"] for row in output.records["customers"]} == {
        key: row["modifiedOn"] for key, row in changed.items()
    }
    assert len(output.records["customers"]) == len(changed) >= 7
    assert len(output.records["jobs"]) == len({row["id"] for row in output.records["jobs"]}) >= 5


def test_a_change_within_the_last_quarter_of_an_hour_comes_later(sandbox: Sandbox) -> None:
    """What the API holds back for 15 minutes is brought by the run after that, not lost between two runs."""
    state = run(sandbox.config, "customers").state
    touched = {key["id"] for key in sandbox.touch("customers", 5)["keys"]}
    early = run(sandbox.config, "customers", state=state)
    assert not touched & set(ids(early, "customers"))
    sandbox.advance(QUARTER + 1)
    late = run(sandbox.config, "customers", state=early.state)
    assert touched <= set(ids(late, "customers"))


def test_a_start_date_leaves_out_what_is_older(sandbox: Sandbox) -> None:
    """With a start date, the first request asks from it, written as the API takes it."""
    output = run(sandbox.config | {"start_date": "2026-06-01T02:00:00+02:00"}, "jobs")
    assert queries(sandbox, "jobs")[0] == {"from": "2026-06-01T00:00:00Z"}
    wanted = [row["id"] for row in sandbox.rows("jobs") if row["modifiedOn"] >= "2026-06-01"]
    assert sorted(ids(output, "jobs")) == sorted(wanted)


@pytest.mark.parametrize("stream", ["appointments", "appointment_assignments"])
def test_feeds_that_hide_inactive_rows_are_asked_for_them(sandbox: Sandbox, stream: str) -> None:
    """Both feeds with a switch get active=Any on every page, and bring inactive rows."""
    output = run(sandbox.config, stream)
    assert all(query["active"] == "Any" for query in queries(sandbox, stream))
    assert sorted(ids(output, stream)) == sorted(ids_of(sandbox, stream))


def test_inactive_and_deleted_rows_are_written(sandbox: Sandbox) -> None:
    """A row that goes inactive is a change like any other."""
    state = run(sandbox.config, "customers").state
    sandbox.touch("customers", 1, values={"active": False})
    sandbox.advance(QUARTER + 1)
    output = run(sandbox.config, "customers", state=state)
    assert False in [row["active"] for row in output.records["customers"]]


@pytest.mark.parametrize("kind", ["last-token-missing", "last-token-empty", "last-token-same"])
def test_the_last_page_may_come_without_a_new_token(sandbox: Sandbox, kind: str) -> None:
    """A last page with no, an empty or the same token ends the feed, and the token before it stays in force."""
    sandbox.fault(kind, "customers")
    first = run(sandbox.config, "customers")
    assert first.error is None
    assert sorted(ids(first, "customers")) == sorted(ids_of(sandbox, "customers"))
    assert first.bookmarks["customers"]["continue_from"] == queries(sandbox, "customers")[-1]["from"]
    sandbox.touch("customers", 3)
    sandbox.advance(QUARTER + 1)
    second = run(sandbox.config, "customers", state=first.state)
    assert len(ids(second, "customers")) >= 3


def test_an_empty_page_is_not_the_end(sandbox: Sandbox) -> None:
    """A page without rows whose hasMore is true is passed over."""
    sandbox.fault("empty-page", "customers", skip=1, times=2)
    output = run(sandbox.config, "customers")
    assert output.error is None
    assert sorted(ids(output, "customers")) == sorted(ids_of(sandbox, "customers"))


def test_a_token_that_never_moves_is_an_error(sandbox: Sandbox) -> None:
    """A page that says there is more and gives the token of the request fails the stream instead of looping."""
    sandbox.fault("repeat-token", "invoice_items", skip=2)
    output = run(sandbox.config, "invoice_items", "jobs")
    assert isinstance(output.error, RunError)
    assert "invoice_items: hasMore is true, and continueFrom has the token of the request" in str(output.error)
    assert len(queries(sandbox, "invoice_items")) == 3
    assert sorted(ids(output, "jobs")) == sorted(ids_of(sandbox, "jobs"))


def test_a_rejected_token_is_recovered_from_loudly(sandbox: Sandbox, caplog: pytest.LogCaptureFixture) -> None:
    """When the API drops a stored token, the feed is read again from its highest stamp less an overlap."""
    first = run(sandbox.config, "customers")
    sandbox.touch("customers", 4)
    sandbox.advance(QUARTER + 1)
    sandbox.revoke_continuations("customers")
    sandbox.forget_requests()
    with caplog.at_level(logging.WARNING):
        second = run(sandbox.config, "customers", state=first.state)
    assert second.error is None
    asked = queries(sandbox, "customers")
    # Twice: one refusal may pass.
    assert [one["from"] for one in asked[:2]] == [first.bookmarks["customers"]["continue_from"]] * 2
    assert asked[2]["from"] < first.bookmarks["customers"]["replication_key_value"]
    assert asked[2]["from"].endswith("Z")
    newest = {row["id"]: row["modifiedOn"] for row in first.records["customers"] + second.records["customers"]}
    assert newest == {row["id"]: row["modifiedOn"] for row in sandbox.rows("customers")}
    assert any("customers" in one and "no longer takes its bookmark" in one for one in caplog.messages)


@pytest.mark.parametrize(
    ("status", "title"), [(400, "The continuation token is not valid."), (404, ""), (410, ""), (414, "")]
)
def test_a_dead_token_is_recovered_from_whatever_it_is_answered_with(sandbox: Sandbox, status: int, title: str) -> None:
    """Once it is refused twice; a refusal that passes costs one request."""
    first = run(sandbox.config, "customers")
    sandbox.touch("customers", 4)
    sandbox.advance(QUARTER + 1)
    for times, asked_before in ((1, 1), (2, 2)):
        sandbox.forget_requests()
        sandbox.fault("status", "customers", status=status, title=title, times=times)
        second = run(sandbox.config, "customers", state=first.state)
        assert second.error is None
        token = first.bookmarks["customers"]["continue_from"]
        used = [one["from"] for one in queries(sandbox, "customers")]
        assert used[:asked_before] == [token] * asked_before
        assert (used[asked_before] == token) is (times == 1)
        newest = {row["id"]: row["modifiedOn"] for row in first.records["customers"] + second.records["customers"]}
        assert newest == {row["id"]: row["modifiedOn"] for row in sandbox.rows("customers")}


def test_a_token_rejected_in_the_first_reading_starts_it_over(sandbox: Sandbox) -> None:
    """In the middle of a first reading no stamp is trusted: what is still to come may be older than what came."""
    sandbox.fault("reject-continuation", "invoice_items", skip=1, times=2)
    output = run(sandbox.config, "invoice_items")
    assert output.error is None
    assert [query for query in queries(sandbox, "invoice_items") if query == {}] == [{}, {}]
    assert set(ids(output, "invoice_items")) == set(ids_of(sandbox, "invoice_items"))


def test_a_feed_that_rejects_every_request_fails_and_keeps_its_bookmark(sandbox: Sandbox) -> None:
    """A 400 that is not the token's fault is told, and the bookmark stays."""
    first = run(sandbox.config, "customers")
    sandbox.fault("status", "customers", status=400, title="Something is off", times=50)
    second = run(sandbox.config, "customers", state=first.state)
    assert "Something is off" in str(second.error)
    assert len(queries(sandbox, "customers")) > 2
    assert second.raw == b""


def test_a_state_of_another_tenant_is_refused(sandbox: Sandbox) -> None:
    """Tokens are bound to their tenant: nothing is asked with those of another."""
    state = run(sandbox.config, "customers").state
    sandbox.forget_requests()
    state["bookmarks"]["customers"]["tenant_id"] = "99"
    output = run(sandbox.config, "customers", state=state)
    assert isinstance(output.error, StateError)
    assert "tenant 99" in str(output.error)
    assert sandbox.requests() == []


def test_a_state_of_the_other_tap_is_taken_over(sandbox: Sandbox) -> None:
    """A date bookmark of the MeltanoLabs tap starts the feed a little before that date, under its new name too."""
    date = sorted(row["modifiedOn"] for row in sandbox.rows("materials"))[-3]
    bookmark = {"replication_key": "modifiedOn", "replication_key_value": date}
    output = run(sandbox.config, "materials", state={"bookmarks": {"export_materials": bookmark}})
    asked = queries(sandbox, "materials")[0]["from"]
    assert asked < date
    assert asked[:10] >= "2020"
    wanted = [row["id"] for row in sandbox.rows("materials") if row["modifiedOn"] >= asked]
    assert sorted(ids(output, "materials")) == sorted(wanted)
    assert output.bookmarks["materials"]["continue_from"]


def test_the_state_has_the_form_others_rely_on(sandbox: Sandbox) -> None:
    """A bookmark names tenant, token, replication key and the highest stamp seen, with its digits."""
    bookmark = run(sandbox.config, "customers").bookmarks["customers"]
    assert bookmark == {
        "tenant_id": "4242",
        "continue_from": bookmark["continue_from"],
        "replication_key": "modifiedOn",
        "replication_key_value": max(row["modifiedOn"] for row in sandbox.rows("customers")),
        "at_end": True,
        "last_complete_value": None,
        "start_date": None,
        "recent": [],
        "columns": bookmark["columns"],
    }
    assert isinstance(bookmark["continue_from"], str)


def test_recent_changes_are_asked_for_on_request_only(sandbox: Sandbox) -> None:
    """The parameter is sent on every page with the setting on, and never without."""
    run(sandbox.config, "customers")
    assert not any("includeRecentChanges" in query for query in queries(sandbox, "customers"))
    sandbox.forget_requests()
    run(sandbox.config | {"include_recent_changes": True}, "customers")
    assert {query["includeRecentChanges"] for query in queries(sandbox, "customers")} == {"true"}


def version(stream: str, row: dict[str, Any]) -> tuple[Any, ...]:
    """Tell a version of a row: key and stamp, or the whole row where there is no stamp."""
    endpoint = next(one for one in ENDPOINTS if one.name == stream)
    stamp = row.get("modifiedOn") or json.dumps(row, sort_keys=True, default=float)
    return (*(row.get(name) for name in endpoint.key), stamp)


@pytest.mark.parametrize("step", [30.0, 300.0, 2_000.0, DAY])
def test_with_recent_changes_no_version_is_lost_and_none_comes_twice(sandbox: Sandbox, step: float) -> None:
    """Over several runs with changes between them, each version of each row is written exactly once."""
    config = sandbox.config | {"include_recent_changes": True}
    streams = ("customers", "invoices", "job_history", "gross_pay_items", "technician_ratings", "job_canceled_logs")
    state = None
    written: dict[str, list[tuple[Any, ...]]] = {stream: [] for stream in streams}
    for turn in range(6):
        output = run(config, *streams, state=state)
        assert output.error is None
        state = output.state
        for stream in streams:
            written[stream] += [version(stream, row) for row in output.records[stream]]
            if stream not in ("job_history", "gross_pay_items"):
                there = {version(stream, row) for row in truth(sandbox, stream)}
                assert there <= set(written[stream])
            sandbox.touch(stream, turn % 4)
        sandbox.advance(step)
    repeated = {stream: len(all_of_it) - len(set(all_of_it)) for stream, all_of_it in written.items()}
    assert repeated == dict.fromkeys(streams, 0)


def test_the_memory_of_recent_changes_is_in_the_state_only_with_the_setting(sandbox: Sandbox) -> None:
    """The state has `recent` with the setting on, bounded, and not without."""
    sandbox.touch("customers", 5)
    with_setting = run(sandbox.config | {"include_recent_changes": True}, "customers").bookmarks["customers"]
    assert 5 <= len(with_setting["recent"]) <= LIMIT
    assert run(sandbox.config, "customers").bookmarks["customers"]["recent"] == []


def test_an_undeclared_field_is_left_out_and_told_once(sandbox: Sandbox, caplog: pytest.LogCaptureFixture) -> None:
    """A field that the facts do not know does not break the run, and is warned of once."""
    sandbox.fault("extra-field", "customers", times=3)
    with caplog.at_level(logging.WARNING):
        output = run(sandbox.config, "customers")
    assert output.error is None
    assert not any("undeclaredField" in row for row in output.records["customers"])
    assert len([one for one in caplog.messages if "undeclaredField" in one]) == 1


def test_a_feed_of_empty_pages_ends(sandbox: Sandbox) -> None:
    """One that says for ever that there is more has failed, with the bookmark past what it sent; others are read."""
    sandbox.fault("empty-page", "customers", times=0)
    config = sandbox.config | {"requests_per_second": 10_000}
    output = run(config, "customers", "jobs")
    assert isinstance(output.error, RunError)
    assert "500 pages in a row have no row" in str(output.error)
    assert len(output.records["jobs"]) == len(sandbox.rows("jobs"))
    sandbox.clear_faults()
    rest = run(config, "customers", state=output.state)
    assert len(rest.records["customers"]) == len(sandbox.rows("customers"))
