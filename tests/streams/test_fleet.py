"""Days of vehicles: requested for some at once, a week late, and none forgotten that came later or left."""

from __future__ import annotations

import dataclasses
import itertools
import json
from collections import Counter
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from tap_servicetitan.catalog.endpoints import BY_NAME
from tap_servicetitan.errors import RunError, StateError
from tap_servicetitan.sandbox.server import Sandbox, serve
from tests.support.running import Message, Output, run

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

STREAMS = ("fleet_events", "fleet_gps")
START = "2026-10-10T00:00:00Z"
"""Before the sandbox's first position."""
DAY = timedelta(days=1)


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    """Run a small tenant, without a limit to requests."""
    with serve(seed=1, scale=0.02) as running:
        running.config["requests_per_second"] = 10_000
        running.config["start_date"] = START
        yield running


def read(sandbox: Sandbox, *streams: str, state: Message | None = None) -> Output:
    """Read, and forget which requests there were before."""
    sandbox.forget_requests()
    return run(sandbox.config, *(streams or STREAMS), state=state)


def queries(sandbox: Sandbox, stream: str) -> list[Message]:
    """List the queries of a stream that came since the last reading began."""
    return [one["query"] for one in sandbox.requests(stream)]


def span(query: Message) -> tuple[datetime, datetime]:
    """Give the time that a query is for."""
    return datetime.fromisoformat(query["startTime"]), datetime.fromisoformat(query["endTime"])


def vins(query: Message) -> list[str]:
    """Give the vehicles that a query is for."""
    found: list[str] = json.loads(query["vins"])
    return found


def ids(rows: list[Message]) -> Counter[str]:
    """Count rows by their id."""
    return Counter(row["id"] for row in rows)


def truth(sandbox: Sandbox, stream: str) -> Counter[str]:
    """Count the rows that the API shows."""
    return ids(sandbox.rows(stream))


def make_vehicles(sandbox: Sandbox, count: int) -> set[str]:
    """Add vehicles, and give their numbers."""
    return {row["vin"] for row in sandbox.touch("fleet_vehicles", create=count)["rows"]}


@pytest.mark.parametrize("stream", STREAMS)
def test_each_row_comes_once_and_the_bookmark_stays_a_week_behind(sandbox: Sandbox, stream: str) -> None:
    """A run reads up to a week ago, by the day; the next one goes on from there to the minute, in one request."""
    first = read(sandbox, stream)
    asked = [span(query) for query in queries(sandbox, stream)]
    assert ids(first.records[stream]) == truth(sandbox, stream)
    assert asked[0][0] == datetime.fromisoformat(START)
    assert all(end - begin <= DAY for begin, end in asked)
    assert all(later[0] == earlier[1] for earlier, later in itertools.pairwise(asked))
    week_ago = datetime.fromisoformat(sandbox.now) - 7 * DAY
    assert timedelta() <= week_ago - asked[-1][1] < timedelta(seconds=2)
    assert datetime.fromisoformat(first.bookmarks[stream]["replication_key_value"]) == asked[-1][1]
    sandbox.advance(3 * 3600)
    second = read(sandbox, stream, state=first.state)
    assert len(queries(sandbox, stream)) == 1
    assert ids(first.records[stream] + second.records[stream]) == truth(sandbox, stream)
    assert second.records[stream]


@pytest.mark.parametrize("stream", STREAMS)
def test_the_time_of_a_row_is_beside_its_location(sandbox: Sandbox, stream: str) -> None:
    """The replication key is copied from within the location, and the location stays as it is."""
    rows = read(sandbox, stream).records[stream]
    assert rows
    assert all(row["timestamp"] == row["location"]["timestamp"] for row in rows)


def test_a_query_names_at_most_50_vehicles(sandbox: Sandbox) -> None:
    """More vehicles take more queries of the same day, and each vehicle is in one of them."""
    make_vehicles(sandbox, 60)
    output = read(sandbox, "fleet_events")
    by_day: dict[str, list[str]] = {}
    for query in queries(sandbox, "fleet_events"):
        assert len(vins(query)) <= 50
        by_day.setdefault(query["startTime"], []).extend(vins(query))
    vehicles = {row["vin"] for row in sandbox.rows("fleet_vehicles")}
    assert len(vehicles) > 60
    assert all(Counter(named) == Counter(vehicles) for named in by_day.values())
    assert ids(output.records["fleet_events"]) == truth(sandbox, "fleet_events")


def test_a_new_vehicle_brings_its_past(sandbox: Sandbox) -> None:
    """Days that were read before are read again of vehicles that came later, and of no others."""
    first = read(sandbox, "fleet_gps")
    new = make_vehicles(sandbox, 3)
    second = read(sandbox, "fleet_gps", state=first.state)
    mark = datetime.fromisoformat(first.bookmarks["fleet_gps"]["replication_key_value"])
    past = [query for query in queries(sandbox, "fleet_gps") if span(query)[1] <= mark]
    assert {vin for query in past for vin in vins(query)} == new
    assert {row["vin"] for row in second.records["fleet_gps"]} == new
    assert ids(first.records["fleet_gps"] + second.records["fleet_gps"]) == truth(sandbox, "fleet_gps")
    third = read(sandbox, "fleet_gps", state=second.state)
    assert not third.records["fleet_gps"]
    assert all(span(query)[0] >= mark for query in queries(sandbox, "fleet_gps"))


def test_a_past_that_was_not_read_to_its_end_is_read_by_the_next_run(sandbox: Sandbox) -> None:
    """A run that breaks off within the past of new vehicles does not count them as read."""
    first = read(sandbox, "fleet_gps")
    make_vehicles(sandbox, 2)
    sandbox.fault("status", "fleet_gps", status=400, skip=4, times=0)
    broken = read(sandbox, "fleet_gps", state=first.state)
    assert isinstance(broken.error, RunError)
    sandbox.clear_faults()
    third = read(sandbox, "fleet_gps", state=first.state)
    came = ids(first.records["fleet_gps"] + broken.records["fleet_gps"] + third.records["fleet_gps"])
    assert came.keys() == truth(sandbox, "fleet_gps").keys()
    assert ids(third.records["fleet_gps"]) == truth(sandbox, "fleet_gps") - ids(first.records["fleet_gps"])


def test_a_broken_run_is_resumed_at_the_day_it_had_reached(sandbox: Sandbox) -> None:
    """Days that were read are not read again, and none is left out."""
    sandbox.fault("status", "fleet_events", status=400, skip=6, times=0)
    broken = read(sandbox, "fleet_events")
    assert isinstance(broken.error, RunError)
    sandbox.clear_faults()
    resumed = read(sandbox, "fleet_events", state=broken.state)
    assert span(queries(sandbox, "fleet_events")[0])[0] == datetime.fromisoformat(START) + 6 * DAY
    came = ids(broken.records["fleet_events"] + resumed.records["fleet_events"])
    assert came == truth(sandbox, "fleet_events")


def test_a_vehicle_that_left_is_requested_up_to_when_it_left(sandbox: Sandbox) -> None:
    """Its last week was too young to be read while it was listed."""
    first = read(sandbox, "fleet_gps")
    sold = {one["vin"] for one in sandbox.delete("fleet_vehicles", 2)["keys"]}
    second = read(sandbox, "fleet_gps", state=first.state)
    assert {vin for vin, _ in second.bookmarks["fleet_gps"]["departed"]} == sold
    left = datetime.fromisoformat(sandbox.now)
    sandbox.advance(9 * DAY.total_seconds())
    third = read(sandbox, "fleet_gps", state=second.state)
    rows = first.records["fleet_gps"] + second.records["fleet_gps"] + third.records["fleet_gps"]
    assert ids(rows) == truth(sandbox, "fleet_gps")
    assert any(row["vin"] in sold for row in third.records["fleet_gps"])
    of_sold = [span(query) for query in queries(sandbox, "fleet_gps") if sold & {*vins(query)}]
    assert of_sold
    assert all(begin <= left for begin, _ in of_sold)
    assert third.bookmarks["fleet_gps"]["departed"] == []


def test_a_vehicle_that_left_and_is_unknown_now_costs_nothing_else(
    sandbox: Sandbox, caplog: pytest.LogCaptureFixture
) -> None:
    """A server that rejects its number stops no other vehicle, and the log says what is missing."""
    first = read(sandbox, "fleet_gps")
    sandbox.delete("fleet_vehicles", 1)
    sandbox.advance(10 * 60)
    # The query of the vehicle that left comes after that of the others.
    sandbox.fault("status", "fleet_gps", status=400, skip=1)
    second = read(sandbox, "fleet_gps", state=first.state)
    assert second.error is None
    assert "1 of fleet_vehicles that left the list cannot be read" in caplog.text
    assert (
        second.bookmarks["fleet_gps"]["replication_key_value"] > first.bookmarks["fleet_gps"]["replication_key_value"]
    )


@pytest.fixture
def limit() -> Iterator[Callable[[int], None]]:
    """Let the tap know of fewer rows that a query may have."""
    row = BY_NAME["fleet_gps"]
    window = row.window
    assert window
    # The row is frozen, and the stream is made from it.
    yield lambda most: object.__setattr__(row, "window", dataclasses.replace(window, max_rows=most))
    object.__setattr__(row, "window", window)


@pytest.mark.parametrize(
    ("most", "missing"),
    [(60, "totalCount"), (13, "totalCount"), (13, "withTotal"), (5, "totalCount"), (3, "withTotal")],
)
def test_a_query_with_too_many_rows_is_split(
    sandbox: Sandbox, limit: Callable[[int], None], most: int, missing: str
) -> None:
    """Vehicles first, then the time: all rows come, each once, with a total or without."""
    limit(most)
    sandbox.set_quirks("fleet_gps", row_limit=most, without=[missing])
    output = read(sandbox, "fleet_gps")
    assert output.error is None
    assert ids(output.records["fleet_gps"]) == truth(sandbox, "fleet_gps")
    named = [len(vins(query)) for query in queries(sandbox, "fleet_gps")]
    assert min(named) <= max(1, most // 8)
    assert most > 8 or any(end - begin < DAY / 2 for begin, end in map(span, queries(sandbox, "fleet_gps")))


def test_a_query_that_cannot_be_split_any_further_fails(sandbox: Sandbox, limit: Callable[[int], None]) -> None:
    """Rows that a server leaves out of one second are never lost in silence."""
    limit(1)
    sandbox.set_quirks("fleet_gps", row_limit=1)
    output = read(sandbox, "fleet_gps")
    assert isinstance(output.error, RunError)
    assert "fleet_gps: one of fleet_vehicles has 1 rows or more within a second" in str(output.error)


def test_without_vehicles_there_is_nothing_to_request(sandbox: Sandbox) -> None:
    """No query names no vehicle, and those that come later bring their past."""
    vehicles = sandbox.rows("fleet_vehicles")
    sandbox.delete("fleet_vehicles", len(vehicles))
    output = read(sandbox, "fleet_events")
    assert (output.error, queries(sandbox, "fleet_events")) == (None, [])
    assert output.bookmarks["fleet_events"]["parent_ids"] == []


@pytest.mark.parametrize("wrong", [{"parent_ids": "1FT"}, {"departed": {"1FT": "2026-10-01"}}, {"departed": ["1FT"]}])
def test_a_bookmark_that_is_none_is_refused(sandbox: Sandbox, wrong: Message) -> None:
    """What is wrong in a state is named before anything is read."""
    state = {"bookmarks": {"fleet_gps": {"tenant_id": "4242", "replication_key_value": START} | wrong}}
    output = read(sandbox, "fleet_gps", state=state)
    assert isinstance(output.error, StateError)
    assert next(iter(wrong)) in str(output.error)
