"""Lists, and what all other streams have in common with them: the rows that come, and the requests that are made."""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import json
import logging
import random
from collections import Counter
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from tap_servicetitan import tap
from tap_servicetitan.catalog.endpoints import BY_NAME, ENDPOINTS
from tap_servicetitan.catalog.schema import stream_facts
from tap_servicetitan.errors import RunError
from tap_servicetitan.sandbox.facts import FACTS
from tap_servicetitan.sandbox.server import Sandbox, serve
from tests.support.running import Message, Output, run, texts, truth
from tests.support.short_pages import short_pages

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

LISTS = [row.name for row in ENDPOINTS if row.kind == "list"]
INCREMENTAL = [row.name for row in ENDPOINTS if row.kind == "list" and row.modified_since]
WHOLE = [row.name for row in ENDPOINTS if row.kind == "list" and not row.modified_since]
WINDOWS = [row.name for row in ENDPOINTS if row.kind == "window"]
SUMS_SINCE = "2026-01-01"
"""The sandbox tells the truth about sums from this day on."""

ONE_BODY = dict.fromkeys(("task_types", "task_sources", "task_resolutions"), "task_management_data")
"""Streams that are read from the address of another one, under whose name the sandbox logs them."""

ALL_PARENTS = {
    "membership_type_discounts": "membership_types",
    "membership_type_duration_billing_items": "membership_types",
    "membership_type_recurring_service_items": "membership_types",
    "reports": "report_categories",
    "router_sessions": "router_ids",
    "scheduler_sessions": "schedulers",
    "wbs_segment_items": "wbs_segments",
}
"""The streams of which an idle run visits all parents."""

SPANS = {
    "ad_group_performance": 8,
    "attributed_leads": 2,
    "campaign_cost_summaries": 2,
    "campaign_performance": 8,
    "capacities": 14,
    "email_channel_costs": 2,
    # Up to 7 days ago, to the second: they were read by the first run.
    "fleet_events": 0,
    "fleet_gps": 0,
    "keyword_performance": 8,
    "router_performance": 2,
    "scheduler_performance": 2,
}
"""How many spans an idle run asks for: the ones that are read again, and today's."""

ALWAYS_WRITTEN = {*WHOLE, *(ALL_PARENTS.keys() - {"scheduler_sessions", "router_sessions"}), "capacities"}
"""The streams that an idle run writes again: nothing tells what of them changed."""

FIELDS = {row.name: stream_facts(row)["properties"] for row in ENDPOINTS}
OVERLAP = timedelta(hours=1)
LONG = 10_000
"""More requests than any run makes."""


@dataclasses.dataclass
class Case:
    """A sandbox, and what came of one run or two."""

    sandbox: Sandbox
    output: Output

    @functools.cached_property
    def records(self) -> dict[str, list[Message]]:
        """The records by stream."""
        return self.output.records

    @functools.cached_property
    def bookmarks(self) -> dict[str, Message]:
        """The bookmarks of the last STATE message."""
        return self.output.bookmarks

    @functools.cached_property
    def requests(self) -> list[Message]:
        """The requests up to where somebody first looks at them."""
        return self.sandbox.requests()

    def asked(self, stream: str) -> list[dict[str, str]]:
        """List the queries of a stream."""
        return queries(self.requests, stream)


def queries(requests: Iterable[Message], stream: str) -> list[dict[str, str]]:
    """List the queries of a stream, among requests."""
    return [one["query"] for one in requests if one["stream"] == stream]


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    """Run a small tenant, without a limit to requests."""
    with opened() as running:
        yield running


@pytest.fixture(scope="module")
def lasting() -> Iterator[Sandbox]:
    """Run one for all tests that do not mind what others changed."""
    with opened() as running:
        yield running


@pytest.fixture
def shared(lasting: Sandbox) -> Sandbox:
    """Give the one that lasts, without the faults and the requests of others."""
    lasting.clear_faults()
    lasting.forget_requests()
    return lasting


def opened() -> Any:  # noqa: ANN401 - what `serve` gives
    """Serve a small tenant."""
    return serve(seed=1, scale=0.02)


def config(sandbox: Sandbox, **more: object) -> Message:
    """Give settings that no limit slows down."""
    return sandbox.config | {"requests_per_second": 10_000} | more


def all_streams(sandbox: Sandbox, state: Message | None = None) -> Output:
    """Read all streams; those of windows from the day on from which the truth about sums is told."""
    rest = run(config(sandbox), *(BY_NAME.keys() - {*WINDOWS}), state=state)
    windows = run(config(sandbox, start_date=SUMS_SINCE), *WINDOWS, state=rest.state)
    assert (rest.error, windows.error) == (None, None)
    return Output(raw=rest.raw + windows.raw)


def wanted(sandbox: Sandbox, stream: str) -> list[str]:
    """Give the truth about a stream, without what is deselected because it is secret."""
    rows = truth(sandbox, stream)
    return texts({name: row[name] for name in row.keys() - {*BY_NAME[stream].secret}} for row in rows)


def moment(stamp: str) -> datetime:
    """Read a stamp."""
    return datetime.fromisoformat(stamp)


def keys_of(rows: Iterable[Message], stream: str) -> set[tuple[Any, ...]]:
    """Give the keys of rows."""
    return {tuple(row[name] for name in BY_NAME[stream].key) for row in rows}


def newest(rows: Iterable[Message], stream: str) -> list[Message]:
    """Give the last version of each row."""
    return list({tuple(row[name] for name in BY_NAME[stream].key): row for row in rows}.values())


def of_stream(output: Output, stream: str, kind: str) -> list[Message]:
    """List the messages of a kind about a stream."""
    return [one for one in output.messages if one["type"] == kind and one.get("stream") == stream]


# All streams together.


@pytest.fixture(scope="module", params=[None, 3], ids=["usual pages", "pages of 3"])
def everything(request: pytest.FixtureRequest) -> Iterator[Case]:
    """Read all streams, with many pages too."""
    with opened() as sandbox:
        with short_pages(request.param) if request.param else contextlib.nullcontext():
            output = all_streams(sandbox)
        yield Case(sandbox, output)


@pytest.mark.parametrize("stream", sorted(BY_NAME))
def test_every_stream_brings_its_rows(everything: Case, stream: str) -> None:
    """Each row of the API, inactive ones included, is written once, to the digit, and no other row is."""
    assert wanted(everything.sandbox, stream)
    assert texts(everything.records[stream]) == wanted(everything.sandbox, stream)


def test_no_request_is_wrong(everything: Case) -> None:
    """Nothing is asked that the API rejects; that a parent has none of it, or is inactive, is no mistake."""
    refused = {(one["stream"], one["status"]) for one in everything.requests if one["status"] != 200}
    assert {status for _, status in refused} <= {404, 409}
    assert {BY_NAME[stream].kind for stream, _ in refused} == {"child"}


def test_the_default_brings_all_that_is_selected_by_default() -> None:
    """Without a catalog, just the streams come that are on by default, each with all its rows."""
    with opened() as sandbox:
        output = run(config(sandbox))
        assert output.error is None
        assert {one["status"] for one in sandbox.requests()} == {200}
        records = output.records
        assert records.keys() == {row.name for row in ENDPOINTS if row.selected}
        sums = records.pop("scheduler_performance")
        for stream, rows in records.items():
            assert texts(rows) == wanted(sandbox, stream), stream
        recent = [row for row in sums if row["sessionCreatedOnOrAfter"] >= SUMS_SINCE]
        assert texts(recent) == wanted(sandbox, "scheduler_performance")


@pytest.fixture(scope="module")
def idle() -> Iterator[Case]:
    """Read all streams, and once more after nothing changed."""
    with opened() as sandbox:
        first = all_streams(sandbox)
        sandbox.forget_requests()
        second = run(config(sandbox), *BY_NAME, state=first.state)
        assert second.error is None
        yield Case(sandbox, second)


def test_an_idle_run_writes_only_what_is_read_whole(idle: Case) -> None:
    """Where nothing changed, just those rows come again of which nothing tells whether they changed."""
    assert idle.records.keys() == ALWAYS_WRITTEN
    for stream in ALWAYS_WRITTEN:
        assert texts(idle.records[stream]) == wanted(idle.sandbox, stream), stream


def test_an_idle_run_costs_what_the_documentation_says(idle: Case) -> None:
    """An idle run asks once for each feed and list, once for each child's parents, and for the parents visited."""
    made = Counter(one["stream"] for one in idle.requests if one["stream"] != "token")
    assert dict(made) == dict(idle_cost(idle.sandbox))


def idle_cost(sandbox: Sandbox) -> Counter[str]:
    """Count the requests of an idle run by the rule of the documentation."""
    cost: Counter[str] = Counter()
    for row in ENDPOINTS:
        cost.update({ONE_BODY.get(row.name, row.name): own_cost(sandbox, row.name)})
        above = BY_NAME.get(row.parent or "")
        while above:
            cost[above.name] += 1 if above.kind == "export" else own_cost(sandbox, above.name)
            above = BY_NAME.get(above.parent or "")
    return +cost


def own_cost(sandbox: Sandbox, stream: str) -> int:
    """Count the requests that an idle run makes for a stream itself."""
    row = BY_NAME[stream]
    parents = len(sandbox.config["router_ids"]) if row.parent == "router_ids" else None
    if row.kind == "child":
        above = ALL_PARENTS.get(stream)
        return (parents or len(sandbox.rows(above))) if above else 0
    if row.kind == "window":
        each = parents or (len(sandbox.rows(row.parent)) if row.parent else 1)
        return SPANS[stream] * each
    # Where the API does not say whether there is more, it takes another request to know.
    each = 2 if row.page_size and "hasMore" not in FACTS[stream].envelope else 1
    return each * max(1, len(row.passes))


# What the requests say.


@pytest.mark.parametrize("stream", LISTS)
def test_a_list_is_asked_as_its_row_says(everything: Case, stream: str) -> None:
    """Each request carries the row's parameters and switch, and pages where the list has them, numbered in order."""
    row = BY_NAME[stream]
    asked = everything.asked(ONE_BODY.get(stream, stream))
    switch = [row.inactive.split("=")] if row.inactive else []
    given = dict(row.params) | dict(switch)
    assert asked
    assert all(given.items() <= query.items() for query in asked)
    if row.page_size is None:
        assert not any(query.keys() & {"page", "pageSize"} for query in asked)
    else:
        assert all(1 <= int(query["pageSize"]) <= (row.page_size or 0) for query in asked)
        assert int(asked[0]["page"]) == row.first_page


@pytest.mark.parametrize(
    ("stream", "query"),
    [
        pytest.param("return_types", {"activeOnly": "false", "pageSize": "500"}, id="activeOnly, required"),
        pytest.param("non_job_appointments", {"activeOnly": "false"}, id="activeOnly"),
        pytest.param("teams", {"includeInactive": "true"}, id="includeInactive"),
        pytest.param("zones", {"active": "Any", "sort": "+Id"}, id="active"),
        pytest.param("forms", {"active": "Any", "status": "Any"}, id="status"),
        pytest.param("submissions", {"active": "Any", "status": "Any", "pageSize": "500"}, id="submissions"),
        pytest.param("journal_entries", {"empty": "Include", "pageSize": "500"}, id="empty entries"),
        pytest.param("user_roles", {"active": "Any", "employeeType": "All"}, id="kinds of employees"),
        pytest.param("job_types", {"orderBy": "id", "orderByDirection": "asc", "pageSize": "5000"}, id="orderBy"),
        pytest.param("calls_list", {"sort": "Id", "active": "Any"}, id="sort without a sign"),
        pytest.param("services_list", {"calculatePrices": "true", "active": "Any"}, id="prices"),
        pytest.param(
            "intacct_business_unit_mappings",
            {"page": "0", "pageSize": "500", "includeTotal": "true"},
            id="pages from 0, all required",
        ),
        pytest.param(
            "installed_equipment_custom_fields",
            {"page": "1", "pageSize": "5000", "descending": "false"},
            id="descending, required",
        ),
    ],
)
def test_odd_lists_are_asked_in_their_way(shared: Sandbox, stream: str, query: dict[str, str]) -> None:
    """Switches, required parameters, sizes and first pages are those that the endpoint wants."""
    output = run(config(shared), stream)
    assert output.error is None
    [asked] = queries(shared.requests(), stream)
    assert query.items() <= asked.items()
    assert texts(output.records[stream]) == wanted(shared, stream)


def test_ap_bills_are_read_in_two_passes(shared: Sandbox) -> None:
    """Bills of both kinds come, which no single request gives, and both passes go on from the same bookmark."""
    first = run(config(shared), "ap_bills")
    assert texts(first.records["ap_bills"]) == wanted(shared, "ap_bills")
    shared.touch("ap_bills", len(shared.rows("ap_bills")))
    second = run(config(shared), "ap_bills", state=first.state)
    assert texts(second.records["ap_bills"]) == wanted(shared, "ap_bills")
    asked = queries(shared.requests(), "ap_bills")
    assert [query["billType"] for query in asked] == ["Procurement", "ApBill"] * 2
    assert ["modifiedOnOrAfter" in query for query in asked] == [False, False, True, True]
    assert asked[2]["modifiedOnOrAfter"] == asked[3]["modifiedOnOrAfter"]


# What changed.


@pytest.fixture(scope="module")
def changed() -> Iterator[tuple[Case, dict[str, list[str]], Message]]:
    """Read the incremental lists, change rows in each of them, make one, retire one, and read them again."""
    with opened() as sandbox:
        first = run(config(sandbox), *INCREMENTAL)
        before = {stream: Counter(wanted(sandbox, stream)) for stream in INCREMENTAL}
        sandbox.advance(86_400)
        for stream in INCREMENTAL:
            if "active" in FIELDS[stream]:
                sandbox.touch(stream, 1, values={"active": False})
            sandbox.touch(stream, 2, create=1)
        sandbox.forget_requests()
        output = run(config(sandbox), *INCREMENTAL, state=first.state)
        assert output.error is None
        news = {stream: sorted((Counter(wanted(sandbox, stream)) - before[stream]).elements()) for stream in before}
        yield Case(sandbox, output), news, first.bookmarks


@pytest.mark.parametrize("stream", INCREMENTAL)
def test_the_next_run_brings_exactly_what_changed(
    changed: tuple[Case, dict[str, list[str]], Message], stream: str
) -> None:
    """After n changes, new and inactive rows among them, the next run writes those rows and no other."""
    case, news, bookmarks = changed
    assert len(news[stream]) >= 3
    assert texts(case.records[stream]) == news[stream]
    since = BY_NAME[stream].modified_since or ""
    mark = moment(bookmarks[stream]["replication_key_value"])
    for query in case.asked(stream):
        assert query[since].endswith("Z")
        assert timedelta(0) <= mark - OVERLAP - moment(query[since]) < timedelta(seconds=1)


@pytest.mark.parametrize("stream", [name for name in INCREMENTAL if "active" in FIELDS[name]])
def test_a_row_that_goes_inactive_is_a_change(changed: tuple[Case, dict[str, list[str]], Message], stream: str) -> None:
    """Lists that hide inactive rows are asked for them, so that a retired row is seen."""
    assert False in [row["active"] for row in changed[0].records[stream]]


# What is remembered.


@pytest.mark.parametrize("stream", INCREMENTAL)
def test_the_bookmark_is_when_the_reading_began(everything: Case, stream: str) -> None:
    """Once a list has ended, its bookmark is when the reading began less the overlap, however old its rows are."""
    bookmark = everything.bookmarks[stream]
    assert (bookmark["tenant_id"], bookmark["replication_key"]) == ("4242", BY_NAME[stream].replication_key)
    reached = moment(everything.sandbox.now) - timedelta(hours=6) + OVERLAP
    assert abs(moment(bookmark["replication_key_value"]) - reached) < timedelta(minutes=1)


@pytest.mark.parametrize("stream", WHOLE)
def test_a_list_without_a_filter_has_no_date_to_remember(everything: Case, stream: str) -> None:
    """A list that is read whole is FULL_TABLE, and its bookmark has no time in it that could seem to mean something."""
    assert everything.bookmarks[stream] == {
        "tenant_id": "4242",
        "replication_key": None,
        "replication_key_value": None,
        "start_date": None,
        "parent_ids": [],
        "recent": [],
        "columns": None,
    }


@pytest.mark.parametrize("hours", [1, 2.5, 48])
def test_a_list_is_requested_again_from_the_overlap_that_is_set(sandbox: Sandbox, hours: float) -> None:
    """A change may show late: the next run goes back that far before the last one began."""
    settings = config(sandbox, list_overlap_hours=hours)
    state = run(settings, "zones").state
    sandbox.forget_requests()
    assert run(settings, "zones", state=state).counts == {}
    [query] = queries(sandbox.requests(), "zones")
    wanted_from = moment(sandbox.now) - timedelta(hours=hours)
    assert abs(moment(query["modifiedOnOrAfter"]) - wanted_from) < timedelta(minutes=1)


@pytest.mark.usefixtures("impatient")
def test_a_list_that_breaks_off_has_no_bookmark(sandbox: Sandbox, short_pages: Callable[[int], None]) -> None:
    """A list is bookmarked only when it was read to its end; what came before is written, and comes again."""
    short_pages(5)
    sandbox.fault("status", "trucks", skip=1, times=LONG)
    broken = run(config(sandbox), "trucks", "zones")
    assert isinstance(broken.error, RunError)
    assert broken.counts == {"trucks": 5, "zones": len(sandbox.rows("zones"))}
    assert broken.bookmarks.keys() == {"zones"}
    sandbox.clear_faults()
    whole = run(config(sandbox), "trucks", state=broken.state)
    assert texts(whole.records["trucks"]) == wanted(sandbox, "trucks")


@pytest.mark.usefixtures("impatient")
def test_a_later_run_that_breaks_off_keeps_the_bookmark(sandbox: Sandbox, short_pages: Callable[[int], None]) -> None:
    """A bookmark stays where it was until a list was read to its end again, so that nothing is passed over."""
    state = run(config(sandbox), "trucks").state
    short_pages(5)
    sandbox.advance(86_400)
    touched = sandbox.touch("trucks", 9)
    sandbox.fault("status", "trucks", skip=1, times=LONG)
    broken = run(config(sandbox), "trucks", state=state)
    assert broken.counts == {"trucks": 5}
    assert not of_stream(broken, "trucks", "STATE")
    sandbox.clear_faults()
    second = run(config(sandbox), "trucks", state=state)
    assert texts(second.records["trucks"]) == texts(touched["rows"])


def test_what_changes_while_a_list_is_read_comes_next(sandbox: Sandbox, short_pages: Callable[[int], None]) -> None:
    """A row that changes after its page was read comes in the version that it has then, in this run or the next."""
    short_pages(5)
    sandbox.fault("shift", "trucks", count=4)
    first = run(config(sandbox), "trucks")
    second = run(config(sandbox), "trucks", state=first.state)
    came = first.records["trucks"] + second.records.get("trucks", [])
    assert len(came) > len(sandbox.rows("trucks"))
    assert texts(newest(came, "trucks")) == wanted(sandbox, "trucks")


@pytest.mark.parametrize("stream", ["bank_deposits", "tasks"])
def test_a_row_without_modified_on_is_no_repeat_and_no_loss(sandbox: Sandbox, stream: str) -> None:
    """A row that was never modified comes once, with modifiedOn null: what counts is when it was created."""
    made = sandbox.touch(stream, create=2)["rows"]
    sandbox.advance(2 * 86_400)
    output = run(config(sandbox), stream)
    unmodified = [row for row in output.records[stream] if row["modifiedOn"] is None]
    assert unmodified
    assert {row["id"] for row in made} <= {row["id"] for row in output.records[stream]}
    later = sandbox.touch(stream, create=1)["rows"]
    second = run(config(sandbox), stream, state=output.state)
    assert [row["id"] for row in second.records[stream]] == [row["id"] for row in later]


@pytest.mark.parametrize("stream", ["zones", "reviews", "bank_deposits", "calls_list", "submissions"])
def test_repeats_within_the_overlap_are_left_out(shared: Sandbox, stream: str) -> None:
    """What the overlap brings again is asked for, and written only if it changed."""
    touched = shared.touch(stream, 3)
    first = run(config(shared), stream)
    shared.forget_requests()
    second = run(config(shared), stream, state=first.state)
    [query] = queries(shared.requests(), stream)
    newest_stamp = max(row[BY_NAME[stream].replication_key or ""] or row["createdOn"] for row in truth(shared, stream))
    assert query[BY_NAME[stream].modified_since or ""] < newest_stamp
    assert second.counts == {}
    before = Counter(wanted(shared, stream))
    shared.touch(stream, keys=touched["keys"][:1])
    third = run(config(shared), stream, state=second.state)
    assert third.counts == {stream: 1}
    assert texts(third.records[stream]) == sorted((Counter(wanted(shared, stream)) - before).elements())


def test_a_change_under_the_same_stamp_is_no_repeat(shared: Sandbox) -> None:
    """A row that says something else is written, though its stamp did not move: in doubt, it comes again."""
    [row] = shared.touch("zones", 1)["rows"]
    first = run(config(shared), "zones")
    shared.touch("zones", keys=[{"id": row["id"]}], values={"modifiedOn": row["modifiedOn"], "name": "Renamed"})
    second = run(config(shared), "zones", state=first.state)
    assert [(one["name"], one["modifiedOn"]) for one in second.records["zones"]] == [("Renamed", row["modifiedOn"])]


@pytest.mark.parametrize("stream", INCREMENTAL)
def test_a_start_date_is_for_events(dated: Case, stream: str) -> None:
    """A start date limits lists of events, in the parameter that the endpoint has; reference lists come whole."""
    row = BY_NAME[stream]
    asked = {query.get(row.modified_since or "") for query in dated.asked(stream)}
    assert asked == ({"2026-09-01T00:00:00Z"} if row.start_date_applies else {None})
    if not row.start_date_applies:
        assert texts(dated.records[stream]) == wanted(dated.sandbox, stream)


@pytest.fixture(scope="module")
def dated() -> Iterator[Case]:
    """Read the lists with a start date."""
    with opened() as sandbox:
        output = run(config(sandbox, start_date="2026-09-01"), *INCREMENTAL)
        assert output.error is None
        yield Case(sandbox, output)


def test_a_state_of_the_other_tap_is_taken_over(shared: Sandbox) -> None:
    """A date bookmark of the MeltanoLabs tap, under the stream's former name too, is gone on from, less an hour."""
    date = "2026-10-15T10:30:00.25Z"
    bookmark = {"replication_key": "modifiedOn", "replication_key_value": date}
    state = {"bookmarks": {"project_sub_statuses": bookmark, "payrolls": bookmark}}
    output = run(config(shared), "project_substatuses", "payrolls", state=state)
    assert output.error is None
    for stream in ("project_substatuses", "payrolls"):
        [query] = queries(shared.requests(), stream)
        assert query["modifiedOnOrAfter"] == "2026-10-15T09:30:00Z"


# What is read whole.


def versions(output: Output, stream: str) -> tuple[set[int | None], list[int]]:
    """Give the versions that a stream's records have, and those that were activated after the last of them."""
    told = [one for one in output.messages if one.get("stream") == stream and one["type"] != "SCHEMA"]
    last = max(number for number, one in enumerate(told) if one["type"] == "RECORD")
    assert all(one["type"] == "RECORD" for one in told[:last])
    return {one.get("version") for one in told[: last + 1]}, [one["version"] for one in told[last + 1 :]]


def test_rows_that_are_gone_can_be_told(shared: Sandbox) -> None:
    """With the setting, the version of a whole list is activated after its last row, and of no other list."""
    output = run(config(shared, emit_activate_version_messages=True), "costs", "zones", "reports", "business_hours")
    for stream in ("costs", "reports", "business_hours"):
        records, [activated] = versions(output, stream)
        assert records == {activated}
    assert versions(output, "zones") == ({None}, [])
    assert versions(run(config(shared), "costs"), "costs") == ({None}, [])


@pytest.mark.usefixtures("impatient")
def test_no_row_is_taken_for_gone_when_the_list_breaks_off(shared: Sandbox, short_pages: Callable[[int], None]) -> None:
    """A version is not activated when its rows did not all come."""
    short_pages(10)
    shared.fault("status", "costs", skip=2, times=LONG)
    output = run(config(shared, emit_activate_version_messages=True), "costs")
    assert 10 < output.counts["costs"] < len(shared.rows("costs"))
    assert versions(output, "costs")[1] == []


# Rows that move between pages.


@pytest.mark.parametrize("skip", [0, 1, 2], ids="after page {}".format)
@pytest.mark.parametrize(
    "stream",
    [
        "credit_memo_items",
        "estimate_items",
        "location_rates",
        "material_markups",
        "payrolls",
        "reviews",
        "user_roles",
        "wbs_segments",
        "installed_equipment_custom_fields",
    ],
)
def test_rows_that_move_are_not_lost(
    shared: Sandbox, short_pages: Callable[[int], None], stream: str, skip: int
) -> None:
    """Where the API cannot sort by id, rows that move to another page all come, and none comes twice unchanged."""
    size = max(1, len(shared.rows(stream)) // 4)
    short_pages(size)
    shared.fault("shift", stream, skip=skip, count=size)
    output = run(config(shared, emit_activate_version_messages=True), stream)
    assert output.error is None
    assert shared.faults == []
    rows = output.records[stream]
    keys = keys_of(rows, stream)
    assert keys == keys_of(truth(shared, stream), stream)
    assert len({*texts(rows)}) == len(rows)
    assert len(rows) <= len(keys) + size
    if BY_NAME[stream].modified_since is None:
        assert len(versions(output, stream)[1]) == 1


@pytest.mark.parametrize(
    "stream", ["credit_memo_items", "user_roles", "location_rates", "credit_memos", "gl_accounts", "reviews"]
)
def test_rows_that_shift_with_each_request_are_not_lost(
    shared: Sandbox, short_pages: Callable[[int], None], stream: str
) -> None:
    """Rows of the first half go behind the second half before each further page: all come all the same."""
    half = len(shared.rows(stream)) // 2
    short_pages(half)
    shared.fault("shift", stream, times=0, count=half)
    output = run(config(shared, emit_activate_version_messages=True), stream)
    assert output.error is None
    assert keys_of(output.records[stream], stream) == keys_of(truth(shared, stream), stream)


SHUFFLE = 1


@pytest.mark.parametrize("stream", ["costs", "bank_deposits", "payrolls", "job_types"])
def test_a_list_that_cannot_be_proven_complete_says_so(
    shared: Sandbox, short_pages: Callable[[int], None], caplog: pytest.LogCaptureFixture, stream: str
) -> None:
    """It sends no ACTIVATE_VERSION, moves no bookmark, and is named once; the next run reads it again."""
    # With so many rows in another order for each request, no two readings agree.
    assert len(shared.rows(stream)) > 10
    short_pages(4)
    # The sandbox is in this process: its shuffling is the same each time.
    random.seed(SHUFFLE)
    shared.set_quirks(stream, shuffled=True, page_cap=3)
    with caplog.at_level(logging.WARNING):
        first = run(config(shared, emit_activate_version_messages=True), stream)
    shared.clear_quirks()
    assert first.error is None
    assert len([one for one in caplog.messages if stream in one and "cannot be proven" in one]) == 1
    assert versions(first, stream)[1] == []
    assert first.bookmarks[stream].get("replication_key_value") is None
    second = run(config(shared), stream, state=first.state)
    assert keys_of(second.records[stream], stream) == keys_of(truth(shared, stream), stream)


# Pages that are not as usual.


def test_an_empty_page_is_not_the_end(shared: Sandbox, short_pages: Callable[[int], None]) -> None:
    """A page without rows whose hasMore is true is passed over."""
    short_pages(4)
    shared.fault("empty-page", "trucks", skip=1)
    output = run(config(shared), "trucks")
    assert texts(output.records["trucks"]) == wanted(shared, "trucks")


def test_a_list_that_never_ends_is_told_of(shared: Sandbox) -> None:
    """A list that goes on and on without a row fails by itself, and the others are read."""
    shared.fault("empty-page", "trucks", times=0)
    output = run(config(shared), "trucks", "zones")
    assert "trucks: 20 pages in a row have no row" in str(output.error)
    assert output.counts.keys() == {"zones"}


def test_an_undeclared_field_is_left_out_and_told_once(shared: Sandbox, caplog: pytest.LogCaptureFixture) -> None:
    """A field that the facts do not know does not break the run, and is warned of once."""
    shared.fault("extra-field", "trucks")
    with caplog.at_level(logging.WARNING):
        output = run(config(shared), "trucks")
    assert texts(output.records["trucks"]) == wanted(shared, "trucks")
    assert len([one for one in caplog.messages if "undeclaredField" in one]) == 1


def test_the_catalog_tells_how_each_stream_is_read(everything: Case) -> None:
    """The replication method is FULL_TABLE where each run brings all rows, and INCREMENTAL elsewhere."""
    catalog = json.loads(tap.TapServiceTitan(config=config(everything.sandbox)).catalog_json_text)
    method = {one["stream"]: one["replication_method"] for one in catalog["streams"]}
    assert {stream for stream, one in method.items() if one == "FULL_TABLE"} == ALWAYS_WRITTEN
