"""What the MeltanoLabs tap gets wrong against the vendor's documents, by the numbers of the list of its faults.

Each test says what the faulty way would do, and fails for a tap that does it.
"""

from __future__ import annotations

import dataclasses
import itertools
import json
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest

from tap_servicetitan import tap
from tap_servicetitan.catalog.endpoints import BY_NAME, ENDPOINTS
from tap_servicetitan.catalog.schema import stream_facts, stream_schema
from tap_servicetitan.readers.silence import MOST_WITNESSES
from tap_servicetitan.sandbox.server import Sandbox, serve
from tests.support.running import Message, Output, run, texts, truth

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

WINDOWS = [row.name for row in ENDPOINTS if row.kind == "window"]
QUARTER = 901.0
"""Seconds after which a feed shows a change."""

WEEK = 7 * 86_400.0

FORCED = {
    "customers": ("customer_notes",),
    "jobs": ("job_attachments", "job_booked_logs", "job_holds"),
    "leads": ("lead_notes",),
    "locations": ("location_notes", "location_preferred_technicians"),
    "journal_entries": ("journal_entry_summaries", "journal_entry_details"),
    "schedulers": ("scheduler_sessions",),
}
"""The parents that the faulty way reads whole in each run, with their children."""


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    """Run a small tenant whose feeds have several pages, without a limit to requests."""
    with serve(seed=1, scale=0.02, page_size=20) as running:
        running.config["requests_per_second"] = 10_000
        yield running


@dataclasses.dataclass(frozen=True)
class Case:
    """A run over all streams."""

    sandbox: Sandbox
    records: dict[str, list[Message]]
    bookmarks: dict[str, Message]
    requests: list[Message]


@pytest.fixture(scope="module")
def case() -> Iterator[Case]:
    """Read all streams once."""
    with serve(seed=1, scale=0.02, page_size=20) as running:
        running.config["requests_per_second"] = 10_000
        rest = run(running.config, *(BY_NAME.keys() - {*WINDOWS}))
        windows = run(running.config | {"start_date": "2026-01-01"}, *WINDOWS, state=rest.state)
        assert (rest.error, windows.error) == (None, None)
        output = Output(raw=rest.raw + windows.raw)
        yield Case(running, output.records, output.bookmarks, running.requests())


def queries(sandbox: Sandbox, stream: str) -> list[dict[str, str]]:
    """List the queries of a stream."""
    return [one["query"] for one in sandbox.requests(stream)]


def values(rows: Iterable[Message], *names: str) -> list[tuple[str, ...]]:
    """Give some fields of each row; dots lead into objects."""
    return [tuple(json.dumps(inner(row, name), default=str) for name in names) for row in rows]


def inner(row: Message, path: str) -> Any:  # noqa: ANN401 - any JSON value
    """Give what a path leads to."""
    found: Any = row
    for name in path.split("."):
        found = found[name]
    return found


def keys(stream: str, rows: Iterable[Message]) -> list[tuple[str, ...]]:
    """Give the key of each row."""
    return values(rows, *BY_NAME[stream].key)


@pytest.mark.parametrize(
    ("stream", "parent", "field"),
    [
        ("customer_notes", "customers", "customerId"),
        ("lead_notes", "leads", "leadId"),
        ("location_notes", "locations", "locationId"),
        ("journal_entry_summaries", "journal_entries", "journalEntryId"),
        ("journal_entry_details", "journal_entries", "journalEntryId"),
    ],
)
def test_01_orphan_children(case: Case, stream: str, parent: str, field: str) -> None:
    """The faulty way drops the parent's id, which its schema lacks: notes and ledger lines cannot be joined."""
    assert field in stream_schema(BY_NAME[stream])["properties"]
    parents = {row["id"] for row in case.records[parent]}
    assert case.records[stream]
    assert {row[field] for row in case.records[stream]} <= parents
    # Each to its own: as many rows below each parent as there are.
    wanted = Counter(row[field] for row in truth(case.sandbox, stream))
    assert Counter(row[field] for row in case.records[stream]) == wanted


@pytest.mark.parametrize("stream", ["business_hours", "job_booked_logs", "scheduler_performance"])
def test_02_streams_that_return_nothing(case: Case, stream: str) -> None:
    """The faulty way looks for rows in `data`, where the body is a bare object: it never finds one."""
    assert case.records[stream]
    assert texts(case.records[stream]) == texts(truth(case.sandbox, stream))


def test_02_required_dates(case: Case) -> None:
    """The faulty way leaves out the two dates that the performance of a scheduler requires."""
    asked = [one["query"] for one in case.requests if one["stream"] == "scheduler_performance"]
    assert all(query["sessionCreatedOnOrAfter"] < query["sessionCreatedBefore"] for query in asked)
    assert asked


@pytest.mark.parametrize("stream", sorted(BY_NAME))
def test_03_keys_that_collide(case: Case, stream: str) -> None:
    """With wrong keys, rows overwrite each other in the warehouse: here no two of a stream have the same."""
    found = keys(stream, case.records[stream])
    assert found
    assert len({*found}) == len(found)
    assert not {"null"} & {*itertools.chain(*found)}


@pytest.mark.parametrize(
    ("stream", "faulty"),
    [
        pytest.param("gross_pay_items", ("payrollId", "date"), id="gross_pay_items"),
        pytest.param("keyword_performance", ("keyword.id", "date"), id="keyword_performance"),
        pytest.param("reviews", ("review", "platform", "address"), id="reviews"),
        pytest.param("payroll_adjustments", ("id",), id="payroll_adjustments"),
        pytest.param("customer_contacts", ("id",), id="customer_contacts"),
        pytest.param("location_contacts", ("id",), id="location_contacts"),
    ],
)
def test_03_rows_that_faulty_keys_overwrite(case: Case, stream: str, faulty: tuple[str, ...]) -> None:
    """The faulty key is the same for several rows that there are, and the right one tells them apart."""
    rows = case.records[stream]
    assert len({*values(rows, *faulty)}) < len(rows)
    assert len({*keys(stream, rows)}) == len(rows) == len(truth(case.sandbox, stream))


@pytest.mark.parametrize("stream", ["customer_notes", "lead_notes", "location_notes"])
def test_03_notes_of_one_moment(sandbox: Sandbox, stream: str) -> None:
    """The faulty key of a note is who made it when: two that somebody makes at once are one."""
    made = sandbox.touch(stream, create=2)["rows"]
    assert len({*values(made, "createdById", "createdOn")}) == 1
    rows = run(sandbox.config, stream).records[stream]
    assert {row["id"] for row in made} <= {row["id"] for row in rows}
    assert len({*keys(stream, rows)}) == len(rows)


def test_03_leads_of_one_moment(sandbox: Sandbox) -> None:
    """The faulty key of a lead is its time: two at once are one."""
    leads = [row for row in sandbox.rows("attributed_leads") if row["dateTime"][:7] == "2026-10"]
    twice = [leads[0], next(row for row in leads if row["leadType"] != leads[0]["leadType"])]
    sandbox.touch("attributed_leads", keys=twice, values={"dateTime": "2026-10-10T10:10:10Z"})
    rows = run(sandbox.config, "attributed_leads").records["attributed_leads"]
    assert len([row for row in rows if row["dateTime"] == "2026-10-10T10:10:10Z"]) == 2
    assert len({row["_key"] for row in rows}) == len(rows) == len(sandbox.rows("attributed_leads"))


def test_03_settings_of_both_kinds_of_employees(sandbox: Sandbox) -> None:
    """The faulty key of payroll settings is the employee's id alone, which a technician may have too."""
    setting = next(row for row in sandbox.rows("payroll_settings") if row["employeeType"] == "Technician")
    other = next(row for row in sandbox.rows("payroll_settings") if row["employeeType"] == "Employee")
    sandbox.touch("payroll_settings", keys=[other], values={"employeeId": setting["employeeId"]})
    sandbox.advance(QUARTER)
    rows = run(sandbox.config, "payroll_settings").records["payroll_settings"]
    assert len({row["employeeId"] for row in rows}) < len({*keys("payroll_settings", rows)}) == len(rows)


@pytest.mark.parametrize(("stream", "field"), [("campaign_performance", "campaign.id")])
def test_03_a_key_that_is_null(case: Case, stream: str, field: str) -> None:
    """The faulty key of a campaign's figures is null where the platform knows a campaign that the tenant does not."""
    unknown = [row for row in case.records[stream] if inner(row, field) is None]
    assert unknown
    assert len({row["_key"] for row in unknown}) == len(unknown)


def test_03_an_array_is_no_key(case: Case) -> None:
    """The faulty key of capacities has an array in it, which no column of a key can hold."""
    types = stream_schema(BY_NAME["capacities"])["properties"]
    assert [types[name]["type"] for name in BY_NAME["capacities"].key] == ["string"]
    assert all(isinstance(row["businessUnitIds"], list) for row in case.records["capacities"])


@pytest.mark.parametrize("stream", ["campaign_performance", "ad_group_performance", "keyword_performance"])
def test_04_the_second_page_of_a_day(sandbox: Sandbox, short_pages: Callable[[int], None], stream: str) -> None:
    """The faulty way ignores `hasMore` and goes on to the next day: what stands on the second page never comes."""
    short_pages(2)
    output = run(sandbox.config | {"start_date": "2026-10-30"}, stream)
    wanted = [row for row in truth(sandbox, stream) if row["date"] >= "2026-10-30"]
    assert max(Counter(row["date"] for row in wanted).values()) > 2
    assert texts(output.records[stream]) == texts(wanted)


def test_04_a_list_without_has_more(sandbox: Sandbox, short_pages: Callable[[int], None]) -> None:
    """The faulty way takes a page without `hasMore` for the last: `wbs_segments` never has a second one."""
    short_pages(1)
    output = run(sandbox.config, "wbs_segments")
    assert len(sandbox.rows("wbs_segments")) > 1
    assert texts(output.records["wbs_segments"]) == texts(truth(sandbox, "wbs_segments"))


@pytest.mark.parametrize("stream", ["customers", "zones", "payrolls"])
def test_05_one_millisecond(sandbox: Sandbox, stream: str) -> None:
    """The faulty way asks from a millisecond after its bookmark: what changed within it, and is shown later, is lost.

    A row that has the bookmark's very stamp, and one of a moment after it, were not shown yet when the bookmark was
    made.
    """
    sandbox.move_to("2026-11-01T12:00:59.9995Z")
    first, second = (sandbox.touch(stream, 1)["rows"][0] for _ in range(2))
    sandbox.advance(86_400)
    bookmark = {"replication_key": "modifiedOn", "replication_key_value": first["modifiedOn"]}
    output = run(sandbox.config, stream, state={"bookmarks": {stream: bookmark}})
    assert first["modifiedOn"][:22] == second["modifiedOn"][:22]
    assert {first["id"], second["id"]} <= {row["id"] for row in output.records[stream]}


@pytest.mark.parametrize(("stream", "parameter"), [("customers", "from"), ("payrolls", "modifiedOnOrAfter")])
def test_05_the_start_date_as_it_is(sandbox: Sandbox, stream: str, parameter: str) -> None:
    """The faulty way adds its millisecond to the start date too: a row of that very moment is lost."""
    run(sandbox.config | {"start_date": "2026-09-01T00:00:00Z"}, stream)
    assert queries(sandbox, stream)[0][parameter] == "2026-09-01T00:00:00Z"


REFERENCE = [row.name for row in ENDPOINTS if row.kind == "list" and row.modified_since and not row.start_date_applies]


def test_06_a_start_date_on_reference_lists(sandbox: Sandbox) -> None:
    """The faulty way asks reference lists from the start date on: accounts and job types of old never arrive."""
    output = run(sandbox.config | {"start_date": "2026-10-31"}, *REFERENCE)
    assert len(REFERENCE) > 40
    records = output.records
    for stream in REFERENCE:
        assert len(records[stream]) == len(sandbox.rows(stream)) > 0, stream


def test_06_no_start_date_by_default(sandbox: Sandbox) -> None:
    """The faulty way has a start date that nobody set: without one, the first request has none."""
    run(sandbox.config, "employees", "business_units", "payrolls")
    for stream in ("employees", "business_units", "payrolls"):
        assert not queries(sandbox, stream)[0].keys() & {"from", "modifiedOnOrAfter"}


def test_07_the_address_of_tasks(case: Case) -> None:
    """The faulty way asks /task-management/v2, which the documents do not have."""
    paths = {one["path"] for one in case.requests if one["stream"] in {"tasks", "task_management_data"}}
    assert paths == {"/taskmanagement/v2/tenant/4242/tasks", "/taskmanagement/v2/tenant/4242/data"}
    assert all(case.records[stream] for stream in ("tasks", "task_types", "task_sources", "task_resolutions"))


@pytest.mark.parametrize(
    ("stream", "parent"),
    [
        ("scheduler_sessions", "schedulers"),
        ("bank_deposit_transactions", "bank_deposits"),
        ("job_attachments", "jobs"),
    ],
)
def test_08_children_of_a_parent_that_did_not_change(sandbox: Sandbox, stream: str, parent: str) -> None:
    """The faulty way reads children only when their parent changed: what is new below an old one never comes."""
    first = run(sandbox.config, stream)
    before = sandbox.rows(parent)
    [row] = sandbox.touch(stream, create=1)["rows"]
    assert sandbox.rows(parent) == before
    sandbox.advance(WEEK)
    second = run(sandbox.config, stream, state=first.state)
    assert row["id"] in {one["id"] for one in second.records[stream]}


@dataclasses.dataclass(frozen=True)
class Twice:
    """Two runs over the same streams, and what the second one asked."""

    first: dict[str, Message]
    second: dict[str, Message]
    counts: dict[str, int]
    asked: dict[str, list[dict[str, str]]]


@pytest.fixture(scope="module")
def twice() -> Iterator[Twice]:
    """Read parents and their children, and once more after nothing changed."""
    streams = [*FORCED, *itertools.chain(*FORCED.values())]
    with serve(seed=1, scale=0.02) as running:
        settings = running.config | {"requests_per_second": 10_000}
        first = run(settings, *streams)
        running.forget_requests()
        second = run(settings, *streams, state=first.state)
        asked = {parent: queries(running, parent) for parent in FORCED}
        yield Twice(first.bookmarks, second.bookmarks, second.counts, asked)


@pytest.mark.parametrize("parent", FORCED)
def test_09_parents_forced_to_be_read_whole(twice: Twice, parent: str) -> None:
    """The faulty way reads a parent whole, in each run, because its children are selected."""
    assert parent not in twice.counts
    bookmark = "from" if BY_NAME[parent].kind == "export" else "modifiedOnOrAfter"
    # One request for the parent itself and one for each child, of which one visits all in each run.
    whole = [query for query in twice.asked[parent] if bookmark not in query]
    assert len(twice.asked[parent]) == 1 + len(FORCED[parent])
    assert len(whole) == (parent == "schedulers")
    assert twice.second[parent] == twice.first[parent]


@pytest.mark.parametrize("parent", FORCED)
def test_09_parents_are_incremental(parent: str) -> None:
    """The faulty way makes FULL_TABLE of a parent with children."""
    catalog = json.loads(tap.TapServiceTitan(validate_config=False).catalog_json_text)
    [method] = [one["replication_method"] for one in catalog["streams"] if one["stream"] == parent]
    assert method == "INCREMENTAL"


@pytest.mark.parametrize("stream", ["customer_notes", "lead_notes", "location_notes", "scheduler_sessions"])
def test_10_a_state_for_each_parent(case: Case, stream: str) -> None:
    """The faulty way keeps a bookmark for each parent, and writes all of them into each STATE message."""
    bookmark = case.bookmarks[stream]
    assert "partitions" not in bookmark
    assert sum(isinstance(value, dict) for value in bookmark.values()) == 1
    ids = {str(row["id"]) for row in case.sandbox.rows(BY_NAME[stream].parent or "")}
    told = {name: value for name, value in bookmark.items() if name not in {"recent", "answered_parents"}}
    assert len(bookmark["answered_parents"]) <= MOST_WITNESSES
    assert not [one for one in ids if one in json.dumps(told)]


@pytest.mark.parametrize("ending", [None, "last-token-same", "last-token-missing", "last-token-empty"])
def test_11_the_end_of_a_feed(sandbox: Sandbox, ending: str | None) -> None:
    """The faulty way reads on until there is no token: it loops, or fails where the last token comes twice."""
    if ending:
        sandbox.fault(ending, "customers")
    first = run(sandbox.config, "customers")
    assert first.error is None
    pages = -(-len(sandbox.rows("customers")) // 20)
    assert len(queries(sandbox, "customers")) == pages
    sandbox.forget_requests()
    # And it forgets the token: the next run has to go on from it.
    second = run(sandbox.config, "customers", state=first.state)
    asked = [query["from"] for query in queries(sandbox, "customers")]
    assert asked == [first.bookmarks["customers"]["continue_from"]]
    assert ending or second.counts == {}


@pytest.mark.parametrize("stream", ["inventory_bills", "non_job_appointments", "reviews"])
def test_12_bookmarks_by_creation(sandbox: Sandbox, stream: str) -> None:
    """The faulty way bookmarks the newest creation, so that each run reads again all that changed since."""
    oldest = min(sandbox.rows(stream), key=lambda row: str(row.get("createdOn") or row.get("publishDate")))
    sandbox.touch(stream, keys=[{name: oldest[name] for name in ("id", "internalId") if oldest.get(name)}])
    sandbox.advance(86_400)
    first = run(sandbox.config, stream)
    bookmark = first.bookmarks[stream]
    assert bookmark["replication_key"] == "modifiedOn"
    stamps = [row["modifiedOn"] or row["createdOn"] for row in truth(sandbox, stream)]
    newest = max(stamps, key=lambda one: one.rstrip("Z"))
    if BY_NAME[stream].kind == "export":
        assert bookmark["replication_key_value"] == newest
    else:
        # That of a list is the time of its reading, which is a day later.
        assert bookmark["replication_key_value"] > newest
    assert run(sandbox.config, stream, state=first.state).counts == {}


@pytest.mark.parametrize("stream", ["user_roles", "payment_types", "job_attachments"])
def test_13_a_filter_that_the_endpoint_does_not_have(sandbox: Sandbox, stream: str) -> None:
    """The faulty way sends `modifiedOnOrAfter` where it is not defined: full reads that are labelled incremental."""
    first = run(sandbox.config, stream)
    run(sandbox.config, stream, state=first.state)
    assert queries(sandbox, stream)
    assert not any("modifiedOnOrAfter" in query for query in queries(sandbox, stream))
    assert first.bookmarks[stream].get("replication_key") is None


def test_14_an_event_of_the_future(sandbox: Sandbox) -> None:
    """The faulty way bookmarks the date of the event: one in the future hides all that happens until then."""
    job, other = sandbox.rows("job_history")[:2]
    event = {"id": 7, "eventType": "Job Booked", "date": "2031-01-01T00:00:00Z", "employeeId": None}
    sandbox.touch("job_history", keys=[{"jobId": job["jobId"]}], values={"history": [*job["history"], event]})
    sandbox.advance(QUARTER)
    first = run(sandbox.config, "job_history")
    assert "2031-01-01T00:00:00Z" in {row["date"] for row in first.records["job_history"]}
    assert first.bookmarks["job_history"]["replication_key_value"] is None
    sandbox.touch("job_history", keys=[{"jobId": other["jobId"]}])
    sandbox.advance(QUARTER)
    second = run(sandbox.config, "job_history", state=first.state)
    assert other["jobId"] in {row["jobId"] for row in second.records["job_history"]}


NULLABLE = ("invoices", "projects", "inventory_bills", "bank_deposits", "tasks", "reviews")


@dataclasses.dataclass(frozen=True)
class Nulled:
    """Two runs over streams in which the stamps of some rows are null."""

    first: dict[str, list[Message]]
    second: dict[str, list[Message]]
    bookmarks: dict[str, Message]
    chosen: dict[str, list[Any]]
    counts: dict[str, int]


@pytest.fixture(scope="module")
def nulled() -> Iterator[Nulled]:
    """Take two rows' stamps, read, change one of the two, and read again."""
    chosen = {}
    with serve(seed=1, scale=0.02) as running:
        settings = running.config | {"requests_per_second": 10_000}
        for stream in NULLABLE:
            chosen[stream] = [one for row in running.rows(stream) if (one := row[name_of(stream)])][:2]
            keys = [{name_of(stream): one} for one in chosen[stream]]
            running.touch(stream, keys=keys, values={"modifiedOn": None})
        running.advance(QUARTER)
        counts = {stream: len(running.rows(stream)) for stream in NULLABLE}
        first = run(settings, *NULLABLE)
        running.advance(86_400)
        for stream in NULLABLE:
            running.touch(stream, keys=[{name_of(stream): chosen[stream][0]}])
        running.advance(QUARTER)
        second = run(settings, *NULLABLE, state=first.state)
        assert (first.error, second.error) == (None, None)
        yield Nulled(first.records, second.records, first.bookmarks, chosen, counts)


def name_of(stream: str) -> str:
    """Name the field of the API that tells a row."""
    return "internalId" if stream == "reviews" else "id"


@pytest.mark.parametrize("stream", NULLABLE)
def test_15_bookmarks_that_are_null(nulled: Nulled, stream: str) -> None:
    """The faulty way bookmarks a field that may be null: it fails, or loses the rows that have none."""
    name = name_of(stream)
    assert {*nulled.chosen[stream]} <= {row[name] for row in nulled.first[stream] if row["modifiedOn"] is None}
    assert len(nulled.first[stream]) == nulled.counts[stream]
    assert nulled.bookmarks[stream]["replication_key_value"]
    assert nulled.chosen[stream][0] in {row[name] for row in nulled.second[stream]}


@pytest.mark.parametrize(
    ("stream", "cursor"), [("job_canceled_logs", "createdOn"), ("membership_status_changes", "createdOn")]
)
def test_16_logs_without_a_modification(case: Case, stream: str, cursor: str) -> None:
    """Here the other tap is right, and anything else would be wrong: the rows of a log have only their creation."""
    assert case.bookmarks[stream]["replication_key"] == cursor
    assert not any("modifiedOn" in row for row in case.records[stream])
    assert case.bookmarks[stream]["replication_key_value"] == max(row[cursor] for row in case.records[stream])


def test_17_tags_that_are_not_active(sandbox: Sandbox) -> None:
    """The faulty way takes the schema of another answer, in which `active` is missing: retired tags seem in use."""
    sandbox.touch("booking_provider_tags", 1, values={"active": False})
    rows = run(sandbox.config, "booking_provider_tags").records["booking_provider_tags"]
    assert {row["active"] for row in rows} == {True, False}


def test_18_the_address_of_estimates(case: Case) -> None:
    """The faulty way asks the deprecated twin of the feed."""
    paths = {one["path"] for one in case.requests if one["stream"] == "estimates"}
    assert paths == {"/sales/v2/tenant/4242/export/estimates"}


@pytest.mark.parametrize("stream", sorted(BY_NAME))
def test_19_columns_that_nothing_fills(case: Case, stream: str) -> None:
    """The faulty way declares a column that no row has (`estimate_id`): here each is in a row of the API or the tap."""
    known = {*itertools.chain(*case.records[stream])} | {*BY_NAME[stream].secret}
    assert known == stream_schema(BY_NAME[stream])["properties"].keys()


def test_20_categories_within_categories(case: Case) -> None:
    """The faulty way declares subcategories without any field, so that targets drop what is in them."""
    declared = stream_schema(BY_NAME["pricebook_categories"])["properties"]["subcategories"]["items"]["properties"]
    inside = [one for row in case.records["pricebook_categories"] for one in row["subcategories"] or ()]
    assert inside
    assert {"id", "name", "active", "subcategories"} <= declared.keys()
    assert {*itertools.chain(*inside)} <= declared.keys()
    assert texts(case.records["pricebook_categories"]) == texts(truth(case.sandbox, "pricebook_categories"))


@pytest.mark.parametrize("stream", ["job_attachments", "submissions"])
def test_21_schemas_written_by_hand(case: Case, stream: str) -> None:
    """The faulty way has schemas that were written by hand, and drift: here each field of the API is declared."""
    assert {*itertools.chain(*case.sandbox.rows(stream))} <= stream_schema(BY_NAME[stream])["properties"].keys()
    assert texts(case.records[stream]) == texts(truth(case.sandbox, stream))


@pytest.mark.parametrize("stream", ["business_hours", "capacity_warnings", "job_booked_logs", "scheduler_performance"])
def test_22_pages_where_there_are_none(case: Case, stream: str) -> None:
    """The faulty way sends `page` and `pageSize` to endpoints that define neither."""
    asked = [one["query"] for one in case.requests if one["stream"] == stream]
    assert asked
    assert not any(query.keys() & {"page", "pageSize"} for query in asked)


@pytest.mark.parametrize("stream", sorted(BY_NAME))
def test_22_parameters_that_are_not_defined(case: Case, stream: str) -> None:
    """The API ignores a parameter that it does not know, and gives everything: none is sent."""
    asked = [one["query"] for one in case.requests if one["stream"] == stream]
    assert {*itertools.chain(*asked)} <= {*stream_facts(BY_NAME[stream])["parameters"]}
