"""The sandbox's lists are as hard on their readers as the vendor's: limits, filters, order, rows that move."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tap_servicetitan.sandbox.facts import FACTS
from tap_servicetitan.sandbox.server import serve
from tests.support.sandbox_client import CHILDREN, LISTS, STREAMS, Client

if TYPE_CHECKING:
    from collections.abc import Iterator

PAGED = [stream for stream in LISTS if "pageSize" in FACTS[stream].parameters]
SMALLER = {"intacct_business_unit_mappings", "journal_entries", "return_types", "submissions"}
FLEET = {
    "startTime": "2026-10-01T00:00:00Z",
    "endTime": "2026-10-02T00:00:00Z",
    "vins": '["1FTBW2CM000000000"]',
    "pagination.pageNumber": "1",
    "pagination.pageSize": "50",
}
REQUIRED: dict[str, dict[str, str]] = {
    "installed_equipment_custom_fields": {"page": "1", "pageSize": "50", "descending": "false"},
    "intacct_business_unit_mappings": {"page": "0", "pageSize": "50", "includeTotal": "true"},
    "return_types": {"activeOnly": "false"},
    "fleet_events": FLEET,
    "fleet_gps": FLEET,
}
HIDING = [stream for stream in LISTS if {"active", "activeOnly", "includeInactive"} & {*FACTS[stream].parameters}]
SHOWING = {"includeInactive": "true", "activeOnly": "false", "active": "Any"}


@pytest.fixture(scope="module")
def client() -> Iterator[Client]:
    """Run one sandbox for the tests that leave nothing behind."""
    with serve() as sandbox:
        yield Client(sandbox)


@pytest.mark.parametrize("stream", PAGED)
def test_a_page_has_its_limits(stream: str, client: Client) -> None:
    """A page is 50 rows unless more is asked for, at most 5,000 or 500, and at least one; pages begin at 1, or at 0."""
    query = REQUIRED.get(stream, {})
    largest = 500 if stream in SMALLER else 5_000
    assert client.ask(stream, query | {"pageSize": largest}).status_code == 200
    for wrong in ({"pageSize": largest + 1}, {"pageSize": 0}, {"page": -1}, {"page": "first"}):
        refused = client.ask(stream, query | wrong)
        assert refused.status_code == 400, wrong
        assert refused.json().keys() == {"type", "title", "status", "traceId", "errors", "data"}
    first = client.ask(stream, query | {"page": 0}).status_code
    assert first == (200 if stream == "intacct_business_unit_mappings" else 400)
    assert len(client.body(stream, query)["data"]) <= 50


@pytest.mark.parametrize("stream", PAGED)
def test_an_envelope_has_just_its_fields(stream: str, client: Client) -> None:
    """The fields around the rows are those that the vendor documents; the total is there only when asked for."""
    query = REQUIRED.get(stream, {})
    body = client.body(stream, query)
    assert tuple(body) == FACTS[stream].envelope
    if "includeTotal" in FACTS[stream].parameters and "totalCount" in body:
        total = client.body(stream, query | {"includeTotal": "true"})["totalCount"]
        assert total >= len(body["data"])
        if "includeTotal" not in query:
            assert body["totalCount"] is None


@pytest.mark.parametrize("stream", [stream for stream in STREAMS if FACTS[stream].required])
def test_what_is_required_is_demanded(stream: str, client: Client) -> None:
    """Without any one of its required parameters an endpoint answers 400."""
    spans = {name: "2026-10-01T00:00:00Z" for name in FACTS[stream].required if name not in REQUIRED.get(stream, {})}
    full = REQUIRED.get(stream) or spans | {
        "ids": "1",
        "performanceSegmentationType": {"ad_group_performance": "AdGroup", "keyword_performance": "Keyword"}.get(
            stream, "Campaign"
        ),
        "skillBasedAvailability": "false",
    }
    path = {"id": client.sandbox.rows("schedulers")[0]["id"]}
    if stream == "router_performance":
        path = {"id": client.sandbox.config["router_ids"][0]}
    assert client.ask(stream, full, path).status_code == 200
    for name in FACTS[stream].required:
        lacking = {other: value for other, value in full.items() if other != name}
        assert client.ask(stream, lacking, path).status_code == 400, name


def test_what_is_unknown_is_ignored(client: Client) -> None:
    """A misspelt parameter does nothing at all, as on the real API."""
    assert client.body("vendors", {"modifiedSince": "2030-01-01", "Sort": "+Nothing"}) == client.body("vendors")


@pytest.mark.parametrize("stream", HIDING)
def test_inactive_rows_are_hidden_unless_asked_for(stream: str, client: Client) -> None:
    """By default a list with such a parameter gives active rows only; asked for, it gives all of them."""
    known = [name for name in SHOWING if name in FACTS[stream].parameters]
    asked = {name: SHOWING[name] for name in known} | {"status": "Any", "employeeType": "All"}
    if stream in {"payment_types", "proposal_types"}:
        asked = {name: SHOWING[name] for name in known}
    usual = {name: value for name, value in asked.items() if name not in known}
    if stream == "return_types":
        usual["activeOnly"] = "true"
    if stream == "payrolls":
        del asked["status"], asked["employeeType"], usual["status"], usual["employeeType"]
    if stream == "non_job_timesheets":
        del asked["employeeType"], usual["employeeType"]
    size = {"pageSize": "500"} if "pageSize" in FACTS[stream].parameters else {}
    hidden = len(client.body(stream, asked | size)["data"]) - len(client.body(stream, usual | size)["data"])
    assert hidden > 0
    rows = client.body(stream, usual | size)["data"]
    assert all(row.get("active", True) for row in rows)


def test_archived_contacts_are_no_inactive_ones(client: Client) -> None:
    """`isArchived` is a filter like any other: without it, all are given."""
    counts = [
        len(client.body("contacts", query)["data"]) for query in ({}, {"isArchived": "true"}, {"isArchived": "false"})
    ]
    assert counts[0] == counts[1] + counts[2]
    assert all(counts)


def test_vendor_bills_come_in_two_lists(client: Client) -> None:
    """A bill is in one of the two, and its row does not say in which."""
    usual, same, others = (
        {row["id"] for row in client.body("ap_bills", query)["data"]}
        for query in ({}, {"billType": "Procurement"}, {"billType": "ApBill"})
    )
    assert usual == same
    assert others
    assert not usual & others


@pytest.mark.parametrize(
    "stream", ["vendors", "journal_entries", "tasks", "calls_list", "submissions", "technician_shifts"]
)
def test_a_date_leaves_out_what_did_not_change_since(stream: str, client: Client) -> None:
    """The date is inclusive; a row without modifiedOn counts by its createdOn; the bound on the other side is not."""
    asked = {"active": "Any", "status": "Any", "empty": "Include"}
    name = "submitted" if stream == "submissions" else "modified"
    rows = client.pages(stream, asked)
    stamps = sorted(stamp_of(row) for row in rows)
    middle = stamps[len(stamps) // 2]
    late = client.pages(stream, asked | {f"{name}OnOrAfter": middle})
    early = client.pages(stream, asked | {f"{name}Before": middle})
    assert sorted(map(stamp_of, late)) == [stamp for stamp in stamps if stamp >= middle]
    assert len(early) == len(rows) - len(late)
    assert client.ask(stream, {f"{name}OnOrAfter": "yesterday"}).status_code == 400


def stamp_of(row: dict[str, Any]) -> str:
    """Tell when a row last changed, written so that stamps can be compared."""
    row = row.get("leadCall", row)
    stamp: str = row.get("submittedOn") or row.get("modifiedOn") or row["createdOn"]
    whole, _, below = stamp.rstrip("Z").partition(".")
    return f"{whole}.{below:0<7}Z"


def test_one_list_takes_no_offset(client: Client) -> None:
    """Submissions take a date with a Z, and refuse the same one with an offset (seen on a live tenant)."""
    for zone, status in (("Z", 200), ("+00:00", 400)):
        asked = client.ask("submissions", {"submittedOnOrAfter": f"2026-01-01T00:00:00{zone}"})
        assert asked.status_code == status
    assert client.ask("vendors", {"modifiedOnOrAfter": "2026-01-01T00:00:00+00:00"}).status_code == 200


def test_rows_can_be_asked_for_by_their_ids(client: Client) -> None:
    """At most fifty at once."""
    ids = [row["id"] for row in client.body("vendors")["data"]][:3]
    assert {row["id"] for row in client.body("vendors", {"ids": ",".join(map(str, ids))})["data"]} == {*ids}
    assert client.ask("vendors", {"ids": ",".join(map(str, range(51)))}).status_code == 400
    assert client.ask("job_holds", {"ids": ",".join(map(str, range(51)))}).status_code == 400


def test_lists_are_sorted_as_they_are_asked_to(client: Client) -> None:
    """By a field, upward or downward; by another field than the known ones is a 400; one list has other parameters."""
    upward, downward, bare = (
        [row["id"] for row in client.body("vendors", {"sort": sort})["data"]] for sort in ("+Id", "-Id", "id")
    )
    assert upward == sorted(upward) == downward[::-1] == bare
    assert client.ask("vendors", {"sort": "+Colour"}).status_code == 400
    stamps = [stamp_of(row) for row in client.body("tasks", {"sort": "-ModifiedOn", "active": "Any"})["data"]]
    assert stamps == sorted(stamps, reverse=True)
    query = {"orderBy": "id", "orderByDirection": "desc"}
    ids = [row["id"] for row in client.body("job_types", query)["data"]]
    assert ids == sorted(ids, reverse=True)


def test_rows_move_while_a_list_is_read(client: Client) -> None:
    """In the order of changes, rows that change leave their page, and a reader by offset misses those that move up."""
    client.sandbox.fault("shift", "technician_shifts", count=4)
    query = {"active": "Any"}
    before = {row["id"] for row in client.sandbox.rows("technician_shifts")}
    seen = [row["id"] for row in client.pages("technician_shifts", query, size=10)]
    assert len(before - {*seen}) == 4
    assert client.sandbox.faults == []
    client.sandbox.fault("shift", "technician_shifts", count=4, skip=1)
    again = [row["id"] for row in client.pages("technician_shifts", query | {"sort": "+Id"}, size=10)]
    assert again == sorted(before)


def test_a_page_can_be_empty_and_not_the_last(client: Client) -> None:
    """An empty page comes between the others: nothing is missing for a reader who goes on."""
    client.sandbox.fault("empty-page", "technician_shifts", skip=1)
    query = {"active": "Any", "sort": "+Id"}
    pages = [client.body("technician_shifts", query | {"page": page, "pageSize": 40}) for page in (1, 2, 3)]
    assert [len(page["data"]) for page in pages] == [40, 0, 40]
    assert pages[1]["hasMore"] is True
    ids = [row["id"] for page in pages for row in page["data"]]
    whole = client.body("technician_shifts", query | {"pageSize": 80})["data"]
    assert ids == [row["id"] for row in whole]


def test_pages_of_figures_can_be_empty_too(client: Client) -> None:
    """What is read by spans has pages as well, and loses nothing to an empty one."""
    query = {"fromUtc": "2026-01-01", "toUtc": "2026-12-01"}
    whole = client.pages("attributed_leads", query)
    client.sandbox.fault("empty-page", "attributed_leads")
    assert client.pages("attributed_leads", query, size=10) == whole
    client.sandbox.fault("empty-page", "business_hours")
    client.body("business_hours")
    assert [fault["kind"] for fault in client.sandbox.faults] == ["empty-page"]
    client.sandbox.clear_faults()


@pytest.mark.parametrize("stream", ["vendors", "business_hours", "campaign_performance", "installed_equipment_details"])
def test_undeclared_fields_come_in_lists_too(stream: str, client: Client) -> None:
    """Whatever the kind of the endpoint."""
    client.sandbox.fault("extra-field", stream, fields={"odd": {"deep": 1}})
    span = {"fromUtc": "2026-10-01", "toUtc": "2026-10-31", "performanceSegmentationType": "Campaign"}
    path = {"id": client.sandbox.rows("installed_equipment")[0]["id"]}
    body = client.body(stream, span if stream == "campaign_performance" else {}, path)
    rows = body.get("data", [body])
    assert [row["odd"] for row in rows] == [{"deep": 1}] * len(rows)


def test_some_figures_are_given_only_when_asked_for(client: Client) -> None:
    """Prices are not calculated, and subtasks not shown, unless a parameter says so."""
    priced = client.body("services_list", {"calculatePrices": "true"})["data"]
    assert {row["calculatedPrice"] for row in client.body("services_list")["data"]} == {None}
    assert {row["calculatedPrice"] for row in priced} != {None}
    assert {row["subTasksData"] is None for row in client.body("tasks")["data"]} == {True}
    assert {row["subTasksData"] is None for row in client.body("tasks", {"includeSubtasks": "true"})["data"]} == {False}


def test_answers_are_dated_by_the_clock_of_the_sandbox(client: Client) -> None:
    """The header tells the sandbox's own time, so that a reader can tell how late it is there."""
    client.sandbox.move_to("2026-11-03T07:08:09.5Z")
    assert client.ask("vendors").headers["Date"] == "Tue, 03 Nov 2026 07:08:09 GMT"


def test_requests_are_logged_under_the_stream_that_they_are_for(client: Client) -> None:
    """Streams that share an address are told apart by their parameter, or go by the first of them."""
    client.sandbox.forget_requests()
    span = {"fromUtc": "2026-10-01", "toUtc": "2026-10-02"}
    client.body("keyword_performance", span | {"performanceSegmentationType": "Keyword"})
    client.body("task_sources")
    assert client.ask("ad_group_performance", span | {"performanceSegmentationType": "Nothing"}).status_code == 400
    assert [request["stream"] for request in client.sandbox.requests()][:2] == [
        "keyword_performance",
        "task_management_data",
    ]


@pytest.mark.parametrize("stream", CHILDREN)
def test_scopes_hold_for_what_stands_below_too(stream: str, client: Client) -> None:
    """A scope that is missing is a 403, wherever it is needed."""
    client.sandbox.revoke_scope(stream)
    path = dict.fromkeys(FACTS[stream].row.placeholders, "1")
    assert client.ask(stream, {"ids": "1"}, path).status_code == 403
    client.sandbox.grant_scopes()
