"""What the sandbox answers below a row and for a span of time: what is not there, and figures that add up."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest

from tap_servicetitan.catalog.endpoints import BY_NAME
from tap_servicetitan.sandbox.server import serve
from tests.support.sandbox_client import CHILDREN, Client

if TYPE_CHECKING:
    from collections.abc import Iterator

BELOW = [stream for stream in CHILDREN if BY_NAME[stream].placeholders]


@pytest.fixture(scope="module")
def client() -> Iterator[Client]:
    """Run one sandbox for all of them."""
    with serve() as sandbox:
        yield Client(sandbox)


@pytest.mark.parametrize("stream", [*BELOW, "scheduler_performance", "router_performance"])
def test_below_an_unknown_row_there_is_nothing(stream: str, client: Client) -> None:
    """An unknown parent is a 404, which is not the same as one without children."""
    span = {"sessionCreatedOnOrAfter": "2026-10-01", "sessionCreatedBefore": "2026-11-01"}
    path = dict.fromkeys(BY_NAME[stream].placeholders, "12345")
    assert client.ask(stream, span, path).status_code == 404


def test_a_contact_method_is_looked_up_below_its_contact(client: Client) -> None:
    """The right method below the wrong contact is not there."""
    method = client.sandbox.rows("contact_methods")[0]
    other = next(one for one in client.sandbox.rows("contacts") if one["id"] != method["contactId"])
    path = {"contactId": other["id"], "contactMethodId": method["id"]}
    assert client.ask("contact_method_preferences", {}, path).status_code == 404


def test_a_job_may_have_no_booked_log(client: Client) -> None:
    """Then there is a 404 for a job that is there."""
    logged = {row["jobId"] for row in client.sandbox.rows("job_booked_logs")}
    job = next(job["id"] for job in client.sandbox.rows("jobs") if job["id"] not in logged)
    assert client.ask("job_booked_logs", {}, {"jobId": job}).status_code == 404


def test_notes_of_an_inactive_customer_are_refused(client: Client) -> None:
    """The 409 has the vendor's error body, and the truth leaves the notes out that nobody can read."""
    customer = client.sandbox.rows("customer_notes")[0]["customerId"]
    client.sandbox.touch("customers", keys=[{"id": customer}], values={"active": False})
    refused = client.ask("customer_notes", {}, {"customerId": customer})
    assert refused.status_code == 409
    assert refused.json().keys() == {"type", "title", "status", "traceId", "errors", "data"}
    assert customer not in {row["customerId"] for row in client.sandbox.rows("customer_notes")}


def test_children_change_without_their_parents(client: Client) -> None:
    """A new note or transaction leaves the stamp of what it belongs to as it was."""
    for stream, field, parent in (
        ("customer_notes", "customerId", "customers"),
        ("bank_deposit_transactions", "bankDepositId", "bank_deposits"),
        ("job_attachments", "jobId", "jobs"),
        ("scheduler_sessions", "schedulerId", "schedulers"),
    ):
        before = {row["id"]: row["modifiedOn"] for row in client.sandbox.rows(parent)}
        [made] = client.sandbox.touch(stream, create=1)["rows"]
        after = {row["id"]: row["modifiedOn"] for row in client.sandbox.rows(parent)}
        assert after == before
        assert made[field] in after


@pytest.mark.parametrize(
    ("stream", "parent", "field"),
    [("customer_notes", "customers", "customerId"), ("scheduler_sessions", "schedulers", "schedulerId")],
)
def test_a_date_leaves_out_children_that_did_not_change(stream: str, parent: str, field: str, client: Client) -> None:
    """Sessions and notes can be asked for by the date of their change."""
    touched = client.sandbox.touch(stream, count=1)
    [row] = touched["rows"]
    assert row[field] in {one["id"] for one in client.sandbox.rows(parent)}
    placeholder = BY_NAME[stream].placeholders[0]
    found = client.pages(stream, {"modifiedOnOrAfter": touched["now"]}, {placeholder: row[field]})
    assert [one["id"] for one in found] == [row["id"]]


def test_only_top_levels_come_unless_children_are_asked_for(client: Client) -> None:
    """Items of a segment form a tree, of which the roots come by default."""
    segment = client.sandbox.rows("wbs_segments")[0]["id"]
    roots = client.pages("wbs_segment_items", {}, {"segmentId": segment})
    whole = client.pages("wbs_segment_items", {"includeChildren": "true"}, {"segmentId": segment})
    assert [row for row in whole if row["parentId"] is None] == roots
    assert len(roots) < len(whole)


def test_a_bare_value_is_a_number_or_null(client: Client) -> None:
    """Who is preferred is a technician's id, and nothing around it."""
    rows = client.sandbox.rows("location_preferred_technicians")
    kinds = {type(client.body("location_preferred_technicians", {}, {"locationId": row["locationId"]})) for row in rows}
    assert kinds == {int, type(None)}


def figures(client: Client, stream: str, begin: str, end: str) -> Counter[str]:
    """Add up what advertising did in a span, by campaign."""
    kind = {"campaign_performance": "Campaign", "keyword_performance": "Keyword"}[stream]
    span = {"fromUtc": begin, "toUtc": end, "performanceSegmentationType": kind}
    found: Counter[str] = Counter()
    for row in client.pages(stream, span, size=7):
        for name in ("clicks", "impressions", "conversions"):
            found[f"{row['campaign']['name']}.{name}"] += row["digitalStats"][name]
    return found


@pytest.mark.parametrize("stream", ["campaign_performance", "keyword_performance"])
def test_days_add_up_to_their_month(stream: str, client: Client) -> None:
    """Spans that do not meet can be added; those that share a midnight count that day twice."""
    whole = figures(client, stream, "2026-10-10T00:00:00Z", "2026-10-12T23:59:59Z")
    days = [figures(client, stream, f"2026-10-{day}T00:00:00Z", f"2026-10-{day}T23:59:59Z") for day in (10, 11, 12)]
    careless = [
        figures(client, stream, f"2026-10-{day}T00:00:00Z", f"2026-10-{day + 1}T00:00:00Z") for day in (10, 11, 12)
    ]
    assert whole == sum(days, Counter())
    assert whole != sum(careless, Counter())
    assert figures(client, stream, "2026-01-01T00:00:00Z", "2026-08-31T23:59:59Z") == Counter()


def test_campaigns_are_the_sums_of_their_keywords(client: Client) -> None:
    """One table says in sum what the other says in detail."""
    span = ("2026-10-01T00:00:00Z", "2026-10-31T23:59:59Z")
    assert figures(client, "campaign_performance", *span) == figures(client, "keyword_performance", *span)


def test_figures_of_advertising_are_corrected_for_some_days(client: Client) -> None:
    """What is told of yesterday is more a few days later, and then stands."""
    day = client.sandbox.now[:10]
    span = (f"{day}T00:00:00Z", f"{day}T23:59:59Z")
    told = [figures(client, "keyword_performance", *span)]
    for _ in range(2):
        client.sandbox.advance(4 * 86_400)
        told.append(figures(client, "keyword_performance", *span))
    assert told[0] != told[1] == told[2]


def cost(client: Client, stream: str, begin: str, end: str) -> float:
    """Tell what a span cost."""
    body: Any = client.body(stream, {"from": begin, "to": end})
    total: float = sum(row["totalCost"] for row in body.get("items", [body]))
    return round(total, 2)


@pytest.mark.parametrize("stream", ["campaign_cost_summaries", "email_channel_costs"])
def test_costs_add_up_and_are_nothing_where_nothing_was(stream: str, client: Client) -> None:
    """A month is the sum of its parts; a span before history costs nothing, and is no error."""
    whole = cost(client, stream, "2026-10-01T00:00:00Z", "2026-10-31T23:59:59Z")
    parts = [("2026-10-01T00:00:00Z", "2026-10-09T23:59:59Z"), ("2026-10-10T00:00:00Z", "2026-10-31T23:59:59Z")]
    assert whole == round(sum(cost(client, stream, *part) for part in parts), 2) > 0
    assert cost(client, stream, "2020-01-01T00:00:00Z", "2020-01-31T23:59:59Z") == 0


def test_sessions_are_counted_until_the_end_of_a_span(client: Client) -> None:
    """The end does not belong to the span, so that months can share it."""
    for scheduler in client.sandbox.rows("schedulers"):
        path = {"id": scheduler["id"]}
        sessions = client.pages("scheduler_sessions", {}, {"schedulerId": scheduler["id"]})
        stamp = sorted(row["createdOn"] for row in sessions)[len(sessions) // 2]
        halves = (("2026-01-01", stamp), (stamp, "2027-01-01"))
        counts = [
            client.body("scheduler_performance", {"sessionCreatedOnOrAfter": begin, "sessionCreatedBefore": end}, path)[
                "totalSessions"
            ]
            for begin, end in halves
        ]
        assert sum(counts) == len(sessions)
        assert counts[0] == sum(row["createdOn"] < stamp for row in sessions)


def test_a_lead_at_the_end_of_a_span_belongs_to_two(client: Client) -> None:
    """Both ends of a span of leads belong to it, and one lead stands where two months meet."""
    months = (("2026-09-01T00:00:00Z", "2026-10-01T00:00:00Z"), ("2026-10-01T00:00:00Z", "2026-11-01T00:00:00Z"))
    leads = [client.pages("attributed_leads", {"fromUtc": begin, "toUtc": end}) for begin, end in months]
    assert [row["dateTime"] for row in leads[0] if row in leads[1]] == ["2026-10-01T00:00:00Z"]


def test_capacity_looks_two_weeks_ahead(client: Client) -> None:
    """It is asked with a body; more than 14 days, none, or no JSON is a 400; what is past is not told."""
    now = client.sandbox.now[:8]
    begin, ends = f"{now}14T00:00:00Z", {14: f"{now}28T00:00:00Z", 15: f"{now}29T00:00:00Z"}
    span = {"startsOnOrAfter": begin, "skillBasedAvailability": False}
    assert client.ask("capacities", span | {"endsOnOrBefore": ends[14]}).status_code == 200
    assert client.ask("capacities", span | {"endsOnOrBefore": ends[15]}).status_code == 400
    assert client.ask("capacities").status_code == 400
    past = {"startsOnOrAfter": "2026-10-01T00:00:00Z", "endsOnOrBefore": "2026-10-10T00:00:00Z"}
    assert client.body("capacities", past | {"skillBasedAvailability": False})["availabilities"] == []
    told = client.sandbox.rows("capacities")
    assert min(row["startUtc"] for row in told) > client.sandbox.now
    assert client.sandbox.requests("capacities")[0]["query"]["startsOnOrAfter"] == begin
