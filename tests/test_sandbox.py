"""The sandbox keeps its own promises: its data, its feeds, its refusals and its faults."""

from __future__ import annotations

import concurrent.futures
import json
import re
import signal
import socket
import subprocess
import sys
import time
from collections import Counter
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest
import requests
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tap_servicetitan.endpoints import BY_NAME
from tap_servicetitan.sandbox.clock import MINUTE, iso, ticks
from tap_servicetitan.sandbox.export import export_page
from tap_servicetitan.sandbox.facts import FACTS, nullable, type_of
from tap_servicetitan.sandbox.faults import KINDS
from tap_servicetitan.sandbox.server import Sandbox, serve
from tap_servicetitan.sandbox.settings import Settings
from tap_servicetitan.sandbox.tenant import Tenant

if TYPE_CHECKING:
    from collections.abc import Iterator

Item = dict[str, Any]

SMALL = Settings(scale=0.02, requests_per_second=None, page_size=9)
STREAMS = sorted(FACTS)
# Where a field of this name points to, if it says anything at all.
POINTS_TO = {
    "accountManagerId": ("employees",),
    "activityCodeId": ("activity_codes",),
    "activityTypeId": ("activity_types",),
    "appointmentId": ("appointments",),
    "billingTemplateId": ("invoice_templates",),
    "bookingId": ("bookings",),
    "businessUnitId": ("business_units",),
    "businessUnitIds": ("business_units",),
    "callId": ("calls",),
    "categoryId": ("activity_categories",),
    "categories": ("pricebook_categories",),
    "customerId": ("customers",),
    "equipmentIds": ("installed_equipment",),
    "equipmentId": ("equipment",),
    "estimateIds": ("estimates",),
    "firstAppointmentId": ("appointments",),
    "invoiceId": ("invoices",),
    "invoiceItemId": ("invoice_items",),
    "invoiceTemplateId": ("invoice_templates",),
    "jobId": ("jobs",),
    "jobIds": ("jobs",),
    "lastAppointmentId": ("appointments",),
    "leadCallId": ("calls",),
    "locationId": ("locations",),
    "locationIds": ("locations",),
    "locationRecurringServiceId": ("recurring_services",),
    "managerId": ("employees",),
    "membershipId": ("memberships",),
    "mergedToId": ("customers", "locations"),
    "parentId": ("pricebook_categories",),
    "preferredTechnicianIds": ("technicians",),
    "projectId": ("projects",),
    "purchaseOrderId": ("purchase_orders",),
    "recurringServiceTypeId": ("recurring_service_types",),
    "skuId": ("services", "materials", "equipment"),
    "soldBy": ("technicians",),
    "tagTypeIds": ("tag_types",),
    "tagTypes": ("tag_types",),
    "technicianId": ("technicians",),
    "upgrades": ("services", "equipment"),
}
# Zero stands for no membership type: the field is declared without null.
MAY_BE_ZERO = {"membershipTypeId"}
USER_FIELDS = {"createdById", "modifiedById", "assignedById", "soldById", "activatedById", "canceledById"}


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    """Run one sandbox for the tests that leave nothing behind."""
    with serve(SMALL) as running:
        yield running


@pytest.fixture(scope="module")
def tenant() -> Tenant:
    """Share one tenant among the tests that look at one stream each."""
    return Tenant(SMALL)


@pytest.fixture(scope="module")
def truth() -> dict[str, list[Item]]:
    """Know all rows of a tenant."""
    tenant = Tenant(SMALL)
    return {stream: tenant.rows(stream) for stream in STREAMS}


def access(sandbox: Sandbox) -> dict[str, str]:
    """Get the headers that an API call needs."""
    names = ("client_id", "client_secret")
    form = {"grant_type": "client_credentials"} | {name: sandbox.config[name] for name in names}
    token = requests.post(sandbox.config["auth_url"], data=form, timeout=9).json()["access_token"]
    return {"Authorization": f"Bearer {token}", "ST-App-Key": sandbox.config["st_app_key"]}


def get(
    sandbox: Sandbox, stream: str, headers: dict[str, str] | None = None, *, start: str | None = None
) -> requests.Response:
    """Ask for a page."""
    url = sandbox.url + BY_NAME[stream].url.format(tenant=sandbox.config["tenant_id"])
    query = {"from": start} if start else None
    return requests.get(url, query, headers=headers or access(sandbox), timeout=9, allow_redirects=False)


def page(tenant: Tenant, stream: str, **query: str) -> Item:
    """Ask for a page without a socket."""
    body: Item = json.loads(bytes(export_page(tenant, FACTS[stream], query).body))
    return body


def drain(tenant: Tenant, stream: str, **query: str) -> tuple[list[Item], str]:
    """Follow the tokens to the end of a feed."""
    found: list[Item] = []
    while True:
        body = page(tenant, stream, **query)
        found += body["data"]
        query["from"] = body["continueFrom"]
        if not body["hasMore"]:
            return found, body["continueFrom"]


def identity(stream: str, item: Item) -> tuple[Any, ...]:
    """Tell items of a stream apart."""
    return tuple(item[name] for name in FACTS[stream].key)


# ---------------------------------------------------------------------------------------------------------------- data


def test_the_same_seed_makes_the_same_tenant() -> None:
    """A tenant depends on seed, scale and clock, on nothing else."""
    one, same, other = Tenant(SMALL), Tenant(SMALL), Tenant(Settings(scale=0.02, seed=2))
    for stream in ("invoices", "gross_pay_items", "technicians"):
        assert one.rows(stream) == same.rows(stream)
        assert one.rows(stream) != other.rows(stream)


def test_the_way_of_the_clock_does_not_matter() -> None:
    """Twice twelve hours bring what a day brings."""
    once, twice = Tenant(SMALL), Tenant(SMALL)
    once.advance(3 * 86_400)
    for _ in range(6):
        twice.advance(43_200)
    assert {stream: once.rows(stream) for stream in STREAMS} == {stream: twice.rows(stream) for stream in STREAMS}


def test_a_day_brings_new_and_changed_rows() -> None:
    """The business lives: rows come, and rows change."""
    tenant = Tenant(Settings(scale=0.1))
    before = {stream: {identity(stream, item): item for item in tenant.rows(stream)} for stream in STREAMS}
    tenant.advance(86_400)
    after = {stream: {identity(stream, item): item for item in tenant.rows(stream)} for stream in STREAMS}
    assert sum(len(after[stream].keys() - before[stream].keys()) for stream in STREAMS) > 20
    assert sum(after[stream][key] != item for stream in STREAMS for key, item in before[stream].items()) > 20


@pytest.mark.parametrize("stream", STREAMS)
def test_every_property_is_there_and_has_its_type(stream: str, truth: dict[str, list[Item]]) -> None:
    """Rows are what the facts say, in every feed, and no feed is empty."""
    assert len(truth[stream]) >= 3
    for item in truth[stream]:
        check_object(item, FACTS[stream].properties, stream)


def check_object(item: Item, properties: Any, where: str) -> None:  # noqa: ANN401 - facts
    """Hold an object against its facts."""
    assert item.keys() == properties.keys(), where
    for name, facts in properties.items():
        check(item[name], facts, f"{where}.{name}")


def check(value: Any, facts: Any, where: str) -> None:  # noqa: ANN401 - any JSON value
    """Hold a value against its facts."""
    if value is None:
        assert nullable(facts), where
        return
    kind: dict[str, Any] = {
        "string": str,
        "integer": int,
        "number": (int, float),
        "boolean": bool,
        "array": list,
        "object": dict,
    }
    assert isinstance(value, kind[type_of(facts)]), (where, value)
    assert isinstance(value, bool) == (type_of(facts) == "boolean"), (where, value)
    if enum := facts.get("enum"):
        assert value in enum, (where, value)
    if facts.get("format") == "date-time":
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,7})?Z", value), (where, value)
    if facts.get("format") == "date":
        assert re.fullmatch(r"\d{4}-\d\d-\d\d", value), (where, value)
    if isinstance(value, list):
        for one in value:
            check(one, facts["items"], where)
    if facts.get("properties"):
        check_object(value, facts["properties"], where)


@pytest.mark.parametrize("stream", STREAMS)
def test_keys_are_unique(stream: str, truth: dict[str, list[Item]]) -> None:
    """The key of the table tells the items of a feed apart."""
    assert max(Counter(identity(stream, item) for item in truth[stream]).values()) == 1


def references(value: Any, name: str = "") -> Iterator[tuple[str, int]]:  # noqa: ANN401 - any JSON value
    """Find all fields of an item that point somewhere, at any depth."""
    if isinstance(value, dict):
        for inner, one in value.items():
            yield from references(one, inner)
    elif isinstance(value, list):
        for one in value:
            yield from references(one["id"] if name == "categories" and isinstance(one, dict) else one, name)
    elif name in POINTS_TO and isinstance(value, int):
        yield name, value


def test_references_resolve(truth: dict[str, list[Item]]) -> None:
    """What a row points to is there, if its stream is."""
    ids = {stream: {item["id"] for item in truth[stream] if "id" in item} for stream in STREAMS}
    users = {item["userId"] for stream in ("employees", "technicians") for item in truth[stream]}
    dangling: Counter[str] = Counter()
    for stream in STREAMS:
        for item in truth[stream]:
            for name, value in references(item):
                known = any(value in ids[target] for target in POINTS_TO[name])
                dangling[f"{stream}.{name}"] += not known
            for name in USER_FIELDS & item.keys():
                dangling[f"{stream}.{name}"] += item[name] is not None and item[name] not in users
            if item.get("employeeType"):
                people = "technicians" if item["employeeType"] == "Technician" else "employees"
                dangling[f"{stream}.employeeId"] += item["employeeId"] not in ids[people]
    assert not {field: count for field, count in dangling.items() if count}


def test_jobs_are_at_locations_of_their_customers(truth: dict[str, list[Item]]) -> None:
    """What belongs together belongs to the same customer."""
    owner = {location["id"]: location["customerId"] for location in truth["locations"]}
    customer = {job["id"]: job["customerId"] for job in truth["jobs"]}
    assert all(owner[job["locationId"]] == job["customerId"] for job in truth["jobs"])
    assert all(customer[visit["jobId"]] == visit["customerId"] for visit in truth["appointments"])
    assert all(customer[bill["job"]["id"]] == bill["customer"]["id"] for bill in truth["invoices"])


def test_amounts_add_up(truth: dict[str, list[Item]]) -> None:
    """Items make the invoice, payments and the balance make its total."""
    paid: Counter[int] = Counter()
    for payment in truth["payments"]:
        for part in payment["appliedTo"]:
            paid[part["appliedTo"]] += cents(part["appliedAmount"])
    items: Counter[int] = Counter()
    for item in truth["invoice_items"]:
        items[item["invoiceId"]] += cents(item["total"])
        assert cents(item["total"]) == round(cents(item["price"]) * float(item["quantity"]))
    for bill in truth["invoices"]:
        assert cents(bill["subTotal"]) == items[bill["id"]] == sum(cents(item["total"]) for item in bill["items"])
        assert cents(bill["total"]) == cents(bill["subTotal"]) + cents(bill["salesTax"])
        assert cents(bill["balance"]) == cents(bill["total"]) - paid[bill["id"]]


def cents(amount: str) -> int:
    """Read money that is written as a string."""
    assert re.fullmatch(r"-?\d+\.\d\d", amount)
    return round(float(amount) * 100)


def test_the_oddities_are_there(truth: dict[str, list[Item]]) -> None:
    """What a reader of the API must be ready for does occur."""
    for stream in ("invoices", "inventory_bills", "projects"):
        assert {item["modifiedOn"] is None for item in truth[stream]} == {True, False}, stream
    assert {item["id"] is None for item in truth["gross_pay_items"]} == {True, False}
    for stream in ("customer_contacts", "location_contacts", "payroll_adjustments"):
        assert max(Counter(item["id"] for item in truth[stream]).values()) > 1, stream
    assert max(len(item["history"]) for item in truth["job_history"]) > 3
    assert {item["active"] for item in truth["appointment_assignments"]} == {True, False}
    stamps = [item["modifiedOn"] for stream in STREAMS for item in truth[stream] if item.get("modifiedOn")]
    assert {0, 7} <= {len(stamp.rstrip("Z").partition(".")[2]) for stamp in stamps}
    assert max(Counter(item["modifiedOn"] for item in truth["services"]).values()) > SMALL.page_size


# --------------------------------------------------------------------------------------------------------------- feeds


@pytest.mark.parametrize("stream", STREAMS)
def test_a_feed_gives_every_settled_row_once(stream: str, tenant: Tenant) -> None:
    """Following the tokens from the first page gives the truth, in order of change, and then nothing more."""
    given_rows, token = drain(tenant, stream, active="Any")
    by_key = sorted(given_rows, key=lambda item: str(identity(stream, item)))
    assert by_key == sorted(tenant.rows(stream, settled=True), key=lambda item: str(identity(stream, item)))
    stamps = [ticks(item["modifiedOn"]) for item in given_rows if item.get("modifiedOn")]
    assert stamps == sorted(stamps)
    again = page(tenant, stream, **{"from": token, "active": "Any"})
    assert again == {"hasMore": False, "continueFrom": token, "data": []}


class Client:
    """Follows the tokens of one feed and remembers what it was given."""

    def __init__(self, tenant: Tenant, stream: str) -> None:
        """Begin at the beginning."""
        self.tenant = tenant
        self.stream = stream
        self.token = ""
        self.seen: dict[tuple[Any, ...], int] = {}
        self.ages: list[int] = []

    def read(self, *, recent: bool) -> bool:
        """Read a page; tell whether there are more."""
        body = page(self.tenant, self.stream, **{"from": self.token, "includeRecentChanges": str(recent)})
        now = self.tenant.clock.now
        for item in body["data"]:
            version = (*identity(self.stream, item), item["modifiedOn"])
            if version in self.seen:
                self.ages.append(self.seen[version] - ticks(item["modifiedOn"]))
            self.seen[version] = now
        self.token = body["continueFrom"]
        return bool(body["hasMore"])

    def assert_nothing_lost(self, *, recent: bool) -> None:
        """Hold what was given against the truth."""
        while self.read(recent=recent):
            pass
        rows = self.tenant.rows(self.stream, settled=not recent)
        assert not {(*identity(self.stream, item), item["modifiedOn"]) for item in rows} - self.seen.keys()


OPERATIONS = st.lists(
    st.one_of(
        st.tuples(st.just("advance"), st.sampled_from((0.0, 1.0, 60.0, 840.0, 900.0, 901.0, 7_200.0, 86_400.0))),
        st.tuples(st.just("touch"), st.integers(1, 25)),
        st.tuples(st.just("create"), st.integers(1, 12)),
        st.tuples(st.just("read"), st.integers(1, 8)),
    ),
    max_size=20,
)


@settings(max_examples=20, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
@given(operations=OPERATIONS, modes=st.sampled_from(("never", "always", "mixed")))
def test_nothing_is_lost_whatever_happens(operations: list[tuple[str, Any]], modes: str) -> None:
    """A client that only follows tokens gets every row, and repeats only of rows that were recent when last seen."""
    tenant = Tenant(SMALL)
    client = Client(tenant, "jobs")
    for turn, (what, value) in enumerate(operations):
        recent = modes == "always" or (modes == "mixed" and turn % 2 == 0)
        match what:
            case "advance":
                tenant.advance(value)
            case "touch":
                tenant.touch("jobs", count=value)
            case "create":
                tenant.touch("jobs", create=value)
            case _:
                for _ in range(value):
                    client.read(recent=recent)
    client.assert_nothing_lost(recent=modes == "always")
    tenant.advance(900)
    client.assert_nothing_lost(recent=False)
    assert all(age < 15 * MINUTE for age in client.ages)
    assert modes != "never" or not client.ages


def test_recent_changes_come_again_until_they_are_settled() -> None:
    """With includeRecentChanges a change is there at once, and again, until its fifteen minutes are over."""
    tenant = Tenant(SMALL)
    _, token = drain(tenant, "jobs")
    touched = tenant.touch("jobs", count=3)["keys"]
    assert page(tenant, "jobs", **{"from": token})["data"] == []
    for _ in range(2):
        body = page(tenant, "jobs", **{"from": token, "includeRecentChanges": "true"})
        assert [{"id": item["id"]} for item in body["data"]] == sorted(touched, key=lambda key: key["id"])
        token = body["continueFrom"]
    tenant.advance(900)
    rows, token = drain(tenant, "jobs", **{"from": token, "includeRecentChanges": "true"})
    assert len(rows) >= 3
    assert drain(tenant, "jobs", **{"from": token, "includeRecentChanges": "true"})[0] == []


@pytest.mark.parametrize("form", ["{0}Z", "{0}+00:00", "{0} 00:00", "{0}"])
def test_a_date_begins_at_that_instant(form: str) -> None:
    """A date is inclusive, in whatever form it comes."""
    tenant = Tenant(SMALL)
    stamp = sorted(item["modifiedOn"] for item in tenant.rows("jobs", settled=True))[50]
    rows, _ = drain(tenant, "jobs", **{"from": form.format(stamp.rstrip("Z"))})
    assert len(rows) == sum(item["modifiedOn"] >= stamp for item in tenant.rows("jobs", settled=True)) == 50


def test_a_day_begins_at_midnight() -> None:
    """A date without a time is the beginning of that day, and an empty one the beginning of the feed."""
    tenant = Tenant(SMALL)
    whole, _ = drain(tenant, "jobs", **{"from": ""})
    late, _ = drain(tenant, "jobs", **{"from": "2026-09-01"})
    assert late == [item for item in whole if item["modifiedOn"] >= "2026-09-01"]
    assert drain(tenant, "jobs", **{"from": "2030-01-01"})[0] == []


def test_tokens_are_bound_and_can_be_revoked() -> None:
    """A token is taken by the feed that gave it, until it is revoked; nothing else is taken for one."""
    tenant = Tenant(SMALL)
    token = page(tenant, "jobs")["continueFrom"]
    for stream, start in (
        ("invoices", token),
        ("jobs", "made-up"),
        ("jobs", token[:-4] + "AAA="),
        ("jobs", "12345678"),
    ):
        assert page(tenant, stream, **{"from": start})["status"] == 400
    other = Tenant(Settings(scale=0.02, tenant_id="99"))
    assert page(other, "jobs", **{"from": token})["status"] == 400
    tenant.revoke_continuations("jobs")
    assert page(tenant, "jobs", **{"from": token})["status"] == 400
    assert drain(tenant, "jobs")[0]


def test_a_token_outlives_the_server() -> None:
    """A state file is still good after the sandbox was started anew."""
    token = page(Tenant(SMALL), "jobs")["continueFrom"]
    assert page(Tenant(SMALL), "jobs", **{"from": token})["data"]


def test_assignments_hide_inactive_rows_unless_asked() -> None:
    """The one feed with a filter, and the other parameter of its kind."""
    tenant = Tenant(SMALL)
    shown, _ = drain(tenant, "appointment_assignments")
    everything, _ = drain(tenant, "appointment_assignments", active="Any")
    hidden, _ = drain(tenant, "appointment_assignments", active="False")
    assert all(item["active"] for item in shown)
    assert hidden
    assert len(shown) + len(hidden) == len(everything)
    assert {item["active"] for item in drain(tenant, "appointments")[0]} == {True, False}
    assert drain(tenant, "jobs", modifiedFrom="2030-01-01", active="False")[0]


@pytest.mark.parametrize("stream", STREAMS)
def test_a_touch_alters_and_makes_just_what_it_says(stream: str, tenant: Tenant) -> None:
    """Touched rows differ from before and come last in the feed; new rows are new."""
    before = {identity(stream, item): item for item in tenant.rows(stream)}
    _, token = drain(tenant, stream, active="Any")
    touched = tenant.touch(stream, count=2, create=2)
    after = {identity(stream, item): item for item in tenant.rows(stream)}
    keys = [tuple(key.values()) for key in touched["keys"]]
    assert len(set(keys)) == 4
    for key in keys[:2]:
        assert {name for name in after[key] if after[key][name] != before[key][name]} - {"modifiedOn"}
    assert set(keys[2:]) == after.keys() - before.keys()
    tenant.advance(900)
    arrived = {identity(stream, item) for item in drain(tenant, stream, **{"from": token, "active": "Any"})[0]}
    assert set(keys) <= arrived


# ------------------------------------------------------------------------------------------------------------ refusals


@pytest.mark.parametrize("spoilt", [{"client_secret": "wrong"}, {"client_id": "wrong"}, {"grant_type": "password"}])
def test_wrong_credentials_get_no_token(sandbox: Sandbox, spoilt: dict[str, str]) -> None:
    """The token endpoint says what is wrong in the way of OAuth."""
    names = ("client_id", "client_secret")
    form = {"grant_type": "client_credentials"} | {name: sandbox.config[name] for name in names} | spoilt
    answer = requests.post(sandbox.config["auth_url"], data=form, timeout=9)
    assert answer.status_code == 400
    assert answer.json()["error"] in {"invalid_client", "unsupported_grant_type"}


def test_who_may_not_ask_is_refused(sandbox: Sandbox) -> None:
    """Each refusal has its status, and the vendor's error body."""
    headers = access(sandbox)
    assert get(sandbox, "jobs", headers).status_code == 200
    assert get(sandbox, "jobs", headers | {"Authorization": "Bearer no"}).status_code == 401
    assert get(sandbox, "jobs", headers | {"ST-App-Key": "no"}).status_code == 401
    sandbox.expire_tokens()
    refused = get(sandbox, "jobs", headers)
    assert refused.status_code == 401
    assert refused.json().keys() == {"type", "title", "status", "traceId", "errors", "data"}
    url = sandbox.url + BY_NAME["jobs"].url.format(tenant="1")
    assert requests.get(url, headers=access(sandbox), timeout=9).status_code == 404


def test_a_scope_or_a_module_can_be_missing(sandbox: Sandbox) -> None:
    """A missing scope is a 403, a missing module a 404; both come back."""
    assert sandbox.revoke_scope("customers") == "tn.crm.customers:r"
    refused = get(sandbox, "customers")
    assert (refused.status_code, refused.json()["title"]) == (403, "Scope validation failed")
    sandbox.grant_scopes()
    sandbox.disable_module("telecom")
    assert get(sandbox, "calls").status_code == 404
    sandbox.enable_modules()
    assert get(sandbox, "customers").status_code == get(sandbox, "calls").status_code == 200


def test_the_rate_limit_tells_how_long_to_wait(sandbox: Sandbox) -> None:
    """One request too many in a second is a 429 whose title names the seconds."""
    headers = access(sandbox)
    sandbox.set_limits(requests_per_second=2)
    answers = [get(sandbox, "tag_types", headers) for _ in range(4)]
    sandbox.set_limits(requests_per_second=None)
    late = next(answer for answer in answers if answer.status_code == 429)
    assert re.fullmatch(r"Rate limit is exceeded\. Try again in \d+ seconds\.", late.json()["title"])


def test_many_may_ask_at_once(sandbox: Sandbox) -> None:
    """Thirty-two requests side by side are all answered, and logged."""
    headers = access(sandbox)
    sandbox.forget_requests()
    with concurrent.futures.ThreadPoolExecutor(32) as pool:
        answers = list(pool.map(lambda stream: get(sandbox, stream, headers), STREAMS * 2))
    assert {answer.status_code for answer in answers} == {200}
    assert Counter(request["stream"] for request in sandbox.requests()) == dict.fromkeys(STREAMS, 2)


def test_the_control_endpoints_do_what_the_methods_do(sandbox: Sandbox) -> None:
    """A test in another language can order all that a test in Python can."""
    control = f"{sandbox.url}/_sandbox"
    assert requests.get(f"{control}/counts", timeout=9).json() == sandbox.counts()
    assert requests.get(f"{control}/rows/jobs", {"settled": "true"}, timeout=9).json() == sandbox.rows(
        "jobs", settled=True
    )
    moved = requests.post(f"{control}/clock", json={"advance": 60}, timeout=9).json()
    assert moved == {"now": sandbox.now}
    touched = requests.post(f"{control}/touch", json={"stream": "jobs", "count": 1}, timeout=9).json()
    again = requests.post(
        f"{control}/touch", json={"stream": "jobs", "keys": touched["keys"], "values": {"active": False}}, timeout=9
    )
    assert [row["active"] for row in again.json()["rows"]] == [False]
    assert requests.post(f"{control}/faults", json={"kind": "flood"}, timeout=9).status_code == 400
    assert requests.get(f"{control}/rows/nothing", timeout=9).status_code == 400
    assert requests.post(f"{control}/clock", json={"now": "2020-01-01"}, timeout=9).status_code == 400
    assert requests.delete(f"{control}/requests", timeout=9).status_code == 200
    assert sandbox.requests() == []


# -------------------------------------------------------------------------------------------------------------- faults


def raw(sandbox: Sandbox, stream: str) -> tuple[bytes, bool]:
    """Ask on a bare socket; tell what came, and whether the connection was reset."""
    headers = access(sandbox)
    address = urlsplit(sandbox.url)
    lines = [
        f"GET {BY_NAME[stream].url.format(tenant=sandbox.config['tenant_id'])} HTTP/1.1",
        f"Host: {address.netloc}",
    ]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    got = b""
    with socket.create_connection((str(address.hostname), address.port or 0), timeout=9) as connection:
        connection.sendall("\r\n".join([*lines, "Connection: close", "", ""]).encode())
        try:
            while part := connection.recv(65_536):
                got += part
        except ConnectionResetError:
            return got, True
    return got, False


@pytest.mark.parametrize(
    ("where", "begins", "whole_head"), [("start", False, False), ("headers", True, False), ("body", True, True)]
)
def test_a_reset_really_resets(sandbox: Sandbox, where: str, begins: bool, whole_head: bool) -> None:  # noqa: FBT001 - a table
    """The connection ends in a reset where it was told to, and the next request is answered."""
    sandbox.fault("reset", "jobs", where=where)
    got, reset = raw(sandbox, "jobs")
    assert reset
    assert got.startswith(b"HTTP/1.1 200") == begins
    assert (b"\r\n\r\n" in got) == whole_head
    assert sandbox.requests()[-1]["status"] == 0
    got, reset = raw(sandbox, "jobs")
    assert not reset
    assert got.endswith(b"}")


def test_faults_skip_and_end(sandbox: Sandbox) -> None:
    """A fault lets some requests pass, hits as many as it was told to, and spares other streams."""
    sandbox.fault("status", "jobs", status=503, skip=1, times=2, body="html", headers={"Retry-After": "0.5"})
    answers = [get(sandbox, "jobs") for _ in range(4)]
    assert [answer.status_code for answer in answers] == [200, 503, 503, 200]
    assert answers[1].headers["Retry-After"] == "0.5"
    assert "<html>" in answers[1].text
    sandbox.fault("status", "jobs", status=429, title="Rate limit is exceeded. Try again in 50 seconds.")
    assert get(sandbox, "invoices").status_code == 200
    assert get(sandbox, "jobs").json()["title"].endswith("50 seconds.")
    assert sandbox.faults == []


def test_the_token_endpoint_can_fail_too(sandbox: Sandbox) -> None:
    """Faults reach the token endpoint by its name."""
    sandbox.fault("status", "token", status=500, body="empty")
    answer = requests.post(sandbox.config["auth_url"], timeout=9)
    assert (answer.status_code, answer.content) == (500, b"")


def test_bodies_can_be_spoilt(sandbox: Sandbox) -> None:
    """Half a body, none, a web page, or another address: all valid HTTP."""
    for kind in ("truncate", "empty", "html", "redirect"):
        sandbox.fault(kind, "jobs")
    cut, empty, html, elsewhere = (get(sandbox, "jobs") for _ in range(4))
    assert cut.status_code == empty.status_code == html.status_code == 200
    assert cut.text.startswith('{"hasMore":')
    assert not cut.text.endswith("}")
    assert empty.content == b""
    assert html.headers["Content-Type"].startswith("text/html")
    assert (elsewhere.status_code, elsewhere.headers["Location"]) == (302, "/elsewhere")


def test_an_answer_can_be_slow(sandbox: Sandbox) -> None:
    """A slow answer is a good one, later, and holds nobody else up."""
    sandbox.fault("slow", "jobs", seconds=0.3)
    began = time.monotonic()
    assert get(sandbox, "jobs").status_code == 200
    assert time.monotonic() - began > 0.3


def test_tokens_can_be_odd(sandbox: Sandbox) -> None:
    """The last page without, with an empty, or with the same token; an empty page; a loop; a rejected token."""
    sandbox.set_limits(page_size=1_000)
    token = get(sandbox, "jobs").json()["continueFrom"]
    for kind in ("last-token-missing", "last-token-empty", "last-token-same"):
        sandbox.fault(kind, "jobs")
    missing, empty, same = (get(sandbox, "jobs", start=token).json() for _ in range(3))
    assert missing.keys() == {"hasMore", "data"}
    assert (empty["continueFrom"], same["continueFrom"]) == ("", token)
    sandbox.fault("empty-page", "jobs")
    body = get(sandbox, "jobs", start=token).json()
    assert (body["data"], body["hasMore"]) == ([], True)
    assert body["continueFrom"] != token
    assert get(sandbox, "jobs", start=body["continueFrom"]).json()["hasMore"] is False
    sandbox.fault("repeat-token", "jobs")
    body = get(sandbox, "jobs", start=token).json()
    assert (body["continueFrom"], body["hasMore"]) == (token, True)
    sandbox.fault("reject-continuation", "jobs")
    assert get(sandbox, "jobs").status_code == get(sandbox, "jobs", start="2026-01-01").status_code == 200
    assert get(sandbox, "jobs", start=token).status_code == 400
    sandbox.set_limits(page_size=SMALL.page_size)


def test_rows_can_have_undeclared_fields(sandbox: Sandbox) -> None:
    """Fields come before the documents know them."""
    sandbox.fault("extra-field", "jobs", fields={"sandboxField": {"deep": 1}})
    assert {json.dumps(row["sandboxField"]) for row in get(sandbox, "jobs").json()["data"]} == {'{"deep": 1}'}


def test_no_fault_is_left_out(sandbox: Sandbox) -> None:
    """Every kind of fault can be ordered."""
    for kind in KINDS:
        sandbox.fault(kind)
    assert {fault["kind"] for fault in sandbox.faults} == KINDS
    sandbox.clear_faults()
    assert sandbox.faults == []


# ------------------------------------------------------------------------------------------------------------- command


def test_the_command_prints_the_settings_and_ends_well() -> None:
    """What it prints is enough to use it; to be told to end is no failure."""
    command = [sys.executable, "-m", "tap_servicetitan.sandbox", "--port", "0", "--scale", "0.02", "--clock", "running"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:  # noqa: S603 - our own
        assert process.stdout
        lines: list[str] = []
        while not lines or lines[-1] != "}\n":
            lines.append(process.stdout.readline())
        config = json.loads("".join(lines))
        assert config.keys() == {"client_id", "client_secret", "st_app_key", "tenant_id", "api_url", "auth_url"}
        now = requests.get(f"{config['api_url']}/_sandbox/clock", timeout=9).json()["now"]
        assert now > "2026-11-01T12:00:00"
        assert requests.get(f"{config['api_url']}/_sandbox/limits", timeout=9).json()["requests_per_second"] == 60
        process.send_signal(signal.SIGTERM)
        output, errors = process.communicate(timeout=9)
    assert (process.returncode, output) == (0, "")
    assert errors.count("\n") == 1


def test_stamps_are_read_and_written_to_the_last_digit() -> None:
    """Seven digits survive, zones are heeded, zeros at the end are not shown."""
    assert iso(ticks("2026-11-01T12:00:00.1234567Z")) == "2026-11-01T12:00:00.1234567Z"
    assert iso(ticks("2026-11-01T12:00:00.5+02:00")) == "2026-11-01T10:00:00.5Z"
    assert iso(ticks("2026-11-01")) == "2026-11-01T00:00:00Z"
