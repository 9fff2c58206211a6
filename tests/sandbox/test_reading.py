"""Every row of the table can be read from the sandbox, in the way that the vendor documents, and gives the truth."""

from __future__ import annotations

import calendar
from typing import TYPE_CHECKING, Any

import pytest

from tap_servicetitan.catalog.endpoints import BY_NAME
from tap_servicetitan.sandbox.facts import FACTS
from tap_servicetitan.sandbox.server import serve
from tests.support.sandbox_client import CHILDREN, FEEDS, LISTS, WINDOWS, Client, Item, texts

if TYPE_CHECKING:
    from collections.abc import Iterator

# What brings inactive rows and all others that a list leaves out of its own accord.
ALL_OF: dict[str, dict[str, str]] = {
    "forms": {"active": "Any", "status": "Any"},
    "journal_entries": {"empty": "Include"},
    "non_job_appointments": {"activeOnly": "false"},
    "return_types": {"activeOnly": "false"},
    "services_list": {"active": "Any", "calculatePrices": "true"},
    "submissions": {"active": "Any", "status": "Any"},
    "tasks": {"active": "Any", "includeSubtasks": "true"},
    "teams": {"includeInactive": "true"},
    "user_roles": {"active": "Any", "employeeType": "All"},
    "wbs_project_segment_items": {"includeChildren": "true"},
    "wbs_segment_items": {"includeChildren": "true"},
    "intacct_business_unit_mappings": {"includeTotal": "true"},
    "installed_equipment_custom_fields": {"descending": "false"},
}
WHOLE = {"fleet_vehicles", "contact_preferences", "contact_method_preferences", "estimate_status_changes"} | {
    f"membership_type_{name}" for name in ("recurring_service_items", "discounts", "duration_billing_items")
}
OBJECTS = {"job_booked_logs", *(stream for stream in CHILDREN if BY_NAME[stream].placeholders == ("id",))}
TENANT_ONLY = {stream for stream in LISTS if "tenantId" in BY_NAME[stream].key}
OF_TASKS = {"task_types": "taskTypes", "task_sources": "taskSources", "task_resolutions": "taskResolutions"}
# The placeholders of each address, with the parent's field that fills it.
DEEPER = {
    "contact_method_preferences": {"contactId": "contactId", "contactMethodId": "id"},
    "wbs_project_segment_items": {"projectId": "projectId", "segmentId": "id"},
}
SPANS = {
    "ad_group_performance": "AdGroup",
    "campaign_performance": "Campaign",
    "keyword_performance": "Keyword",
}


@pytest.fixture(scope="module")
def client() -> Iterator[Client]:
    """Run one sandbox for all of them."""
    with serve(page_size=50) as sandbox:
        yield Client(sandbox)


def everything(stream: str) -> dict[str, str]:
    """Ask for the rows too that a list leaves out unless asked."""
    usual = {"active": "Any"} if "active" in FACTS[stream].parameters else {}
    return ALL_OF.get(stream, usual)


@pytest.mark.parametrize("stream", FEEDS)
def test_a_feed_can_be_read(stream: str, client: Client) -> None:
    """Following the tokens to the end gives all rows that have settled."""
    found: list[Item] = []
    body: Any = {"hasMore": True, "continueFrom": ""}
    while body["hasMore"]:
        body = client.body(stream, {"from": body["continueFrom"], "active": "Any"})
        found += body["data"]
    assert texts(found) == texts(client.sandbox.rows(stream, settled=True))


@pytest.mark.parametrize("stream", LISTS)
def test_a_list_can_be_read(stream: str, client: Client) -> None:
    """Turning the pages gives all rows, once each, if inactive ones are asked for."""
    query = everything(stream)
    if stream in TENANT_ONLY:
        found = [client.body(stream) | {"tenantId": int(client.sandbox.config["tenant_id"])}]
    elif stream in OF_TASKS:
        found = client.body(stream)[OF_TASKS[stream]]
    elif stream in WHOLE:
        found = client.body(stream)
    elif stream == "ap_bills":
        kinds = ("Procurement", "ApBill")
        found = [row for kind in kinds for row in client.pages(stream, {"billType": kind}, size=7)]
    else:
        found = client.pages(stream, query)
    assert texts(found) == texts(client.sandbox.rows(stream))


@pytest.mark.parametrize("stream", CHILDREN)
def test_what_stands_below_a_row_can_be_read(stream: str, client: Client) -> None:
    """Asking below every row of the parent's stream gives all rows, with what they belong to."""
    found = jobs_on_hold(client) if stream == "job_holds" else list(below_all(client, stream))
    assert found
    assert texts(found) == texts(client.sandbox.rows(stream))


def jobs_on_hold(client: Client) -> list[Item]:
    """Ask for the reasons of jobs that are on hold, by their ids."""
    held = [str(job["id"]) for job in client.sandbox.rows("jobs") if job["jobStatus"] == "Hold"]
    rows: list[Item] = client.body("job_holds", {"ids": ",".join(held)})["data"]
    return rows


def below_all(client: Client, stream: str) -> Iterator[Item]:
    """Ask below each row of the parent's stream."""
    parent = BY_NAME[stream].parent or ""
    fields = DEEPER.get(stream) or dict.fromkeys(BY_NAME[stream].placeholders, "id")
    routers = client.sandbox.config["router_ids"]
    rows = client.sandbox.rows(parent) if parent in BY_NAME else [{"id": router} for router in routers]
    for row in rows:
        path = {name: row[field] for name, field in fields.items()}
        answer = client.ask(stream, everything(stream) | {"pageSize": "1"}, path)
        if answer.status_code == 200:
            yield from (one | path for one in read_below(client, stream, path))
        else:
            assert (stream, answer.status_code) in {("job_booked_logs", 404), ("customer_notes", 409)}


def read_below(client: Client, stream: str, path: dict[str, Any]) -> list[Item]:
    """Read what stands below one row."""
    if stream == "location_preferred_technicians":
        return [{"technicianId": client.body(stream, {}, path)}]
    if stream in OBJECTS:
        return [client.body(stream, {}, path)]
    if stream in WHOLE:
        rows: list[Item] = client.body(stream, everything(stream), path)
        return rows
    return client.pages(stream, everything(stream), path)


@pytest.mark.parametrize("stream", WINDOWS)
def test_a_span_of_time_can_be_read(stream: str, client: Client) -> None:
    """Asking for one span after the other gives all figures, with the span that they are of."""
    found = list(read_spans(client, stream))
    assert texts(found) == texts(client.sandbox.rows(stream))


def read_spans(client: Client, stream: str) -> Iterator[Item]:
    """Ask for days or months, whatever the endpoint is about."""
    if stream == "capacities":
        for day in range(1, 15):
            span = {
                "startsOnOrAfter": f"2026-11-{day:02d}T00:00:00Z",
                "endsOnOrBefore": f"2026-11-{day + 1:02d}T00:00:00Z",
            }
            yield from client.body(stream, span | {"skillBasedAvailability": False})["availabilities"]
    elif stream.startswith("fleet_"):
        yield from read_fleet(client, stream)
    elif stream in SPANS:
        yield from (row for month in (9, 10, 11) for row in read_days(client, stream, month))
    elif stream == "attributed_leads":
        yield from client.pages(stream, {"fromUtc": "2026-01-01", "toUtc": "2026-12-01"}, size=9)
    else:
        for month in range(1, 12):
            yield from read_month(client, stream, month)


def read_fleet(client: Client, stream: str) -> Iterator[Item]:
    """Ask for each day of all vehicles; the last days are not told yet, and a day is the longest span."""
    vins = [one["vin"] for one in client.body("fleet_vehicles")]
    for day in range(1, 32):
        span = {"startTime": f"2026-10-{day:02d}T00:00:00Z", "endTime": f"2026-10-{day:02d}T23:59:59.9999999Z"}
        page, more = 1, True
        while more:
            body = client.body(stream, span | {"vins": vins, "pagination": {"pageNumber": page, "pageSize": 40}})
            yield from body["data"]
            page, more = page + 1, body["hasMore"]


@pytest.mark.parametrize(
    ("wrong", "status"),
    [
        ({}, 200),
        ({"endTime": "2026-10-02T00:00:01Z"}, 400),
        ({"vins": []}, 400),
        ({"vins": [*map(str, range(51))]}, 400),
    ],
    ids=["a day", "more than a day", "no vehicle", "51 vehicles"],
)
def test_a_query_of_the_fleet_has_its_limits(wrong: Item, status: int, client: Client) -> None:
    """A query spans a day and names up to 50 vehicles."""
    asked = {"startTime": "2026-10-01T00:00:00Z", "endTime": "2026-10-02T00:00:00Z", "vins": ["1FTBW2CM000000000"]}
    pages = {"pagination": {"pageNumber": 1, "pageSize": 40}}
    assert client.ask("fleet_gps", asked | pages | wrong).status_code == status


def read_days(client: Client, stream: str, month: int) -> Iterator[Item]:
    """Ask for each day of a month, up to its last second."""
    for day in range(1, calendar.monthrange(2026, month)[1] + 1):
        date = f"2026-{month:02d}-{day:02d}"
        span = {"fromUtc": f"{date}T00:00:00Z", "toUtc": f"{date}T23:59:59Z"}
        span["performanceSegmentationType"] = SPANS[stream]
        yield from (row | {"date": date} for row in client.pages(stream, span, size=9))


def read_month(client: Client, stream: str, month: int) -> Iterator[Item]:
    """Ask for the sums of a month."""
    last = calendar.monthrange(2026, month)[1]
    begin, after = f"2026-{month:02d}-01T00:00:00Z", f"2026-{month + 1:02d}-01T00:00:00Z"
    if stream in {"campaign_cost_summaries", "email_channel_costs"}:
        span = {"from": begin, "to": f"2026-{month:02d}-{last}T23:59:59Z"}
        body = client.body(stream, span)
        own = {"tenantId": int(client.sandbox.config["tenant_id"])}
        yield from (one | span for one in body["items"]) if "items" in body else [body | own | span]
        return
    span = {"sessionCreatedOnOrAfter": begin, "sessionCreatedBefore": after}
    of_routers = stream == "router_performance"
    parents = (
        client.sandbox.config["router_ids"] if of_routers else [one["id"] for one in client.sandbox.rows("schedulers")]
    )
    for parent in parents:
        yield client.body(stream, span, {"id": parent}) | span


def test_no_row_of_the_table_is_left_out() -> None:
    """Every stream is read by one of these tests."""
    assert sorted([*FEEDS, *LISTS, *CHILDREN, *WINDOWS]) == sorted(BY_NAME)
