"""The sandbox's data: of the right types, with the right references, the same for a seed, and alive."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest

from tap_servicetitan.sandbox.business.filling import fill
from tap_servicetitan.sandbox.business.opening import sizes
from tap_servicetitan.sandbox.clock import ticks
from tap_servicetitan.sandbox.directory import Directory
from tap_servicetitan.sandbox.facts import FACTS, nullable, type_of
from tap_servicetitan.sandbox.settings import Settings
from tap_servicetitan.sandbox.tenant import Tenant
from tap_servicetitan.sandbox.world import World
from tests.support.each import for_each
from tests.support.sandbox_client import FEEDS, LISTS, STREAMS, identity

if TYPE_CHECKING:
    from collections.abc import Iterator

Item = dict[str, Any]

SMALL = Settings(scale=0.02, requests_per_second=None, page_size=9)
# Where a field of this name points to, if it says anything at all.
POINTS_TO = {
    "accountManagerId": ("employees",),
    "activityCodeId": ("activity_codes",),
    "activityTypeId": ("activity_types",),
    "appointmentId": ("appointments",),
    "billingTemplateId": ("invoice_templates",),
    "appliedTo": ("invoices",),
    "assignedToId": ("employees",),
    "bankDepositId": ("bank_deposits",),
    "billId": ("inventory_bills",),
    "bookingId": ("bookings",),
    "budgetCodeId": ("wbs_budget_codes",),
    "businessUnitId": ("business_units",),
    "businessUnitIds": ("business_units",),
    "callId": ("calls",),
    "campaignId": ("campaigns",),
    "categoryId": ("activity_categories",),
    "contactId": ("contacts",),
    "contactMethodId": ("contact_methods",),
    "creditMemoId": ("credit_memos",),
    "customFieldTypeIds": ("job_custom_fields",),
    "categories": ("pricebook_categories",),
    "customerId": ("customers",),
    "documentId": ("ap_bills",),
    "employeeTaskResolutionId": ("task_resolutions",),
    "employeeTaskSourceId": ("task_sources",),
    "employeeTaskTypeId": ("task_types",),
    "equipmentIds": ("installed_equipment",),
    "equipmentId": ("equipment",),
    "estimateId": ("estimates",),
    "estimateIds": ("estimates",),
    "estimateTemplateId": ("estimate_templates",),
    "excludedTaskResolutionIds": ("task_resolutions",),
    "excludedTaskTypeIds": ("task_types",),
    "firstAppointmentId": ("appointments",),
    "formId": ("forms",),
    "installedEquipmentId": ("installed_equipment",),
    "inventoryBillId": ("inventory_bills",),
    "inventoryReturnId": ("returns",),
    "inventoryTemplateId": ("inventory_templates",),
    "invoiceId": ("invoices",),
    "invoiceItemId": ("invoice_items",),
    "invoiceTemplateId": ("invoice_templates",),
    "jobId": ("jobs",),
    "jobAppointmentId": ("appointments",),
    "jobIds": ("jobs",),
    "jobTypeId": ("job_types",),
    "jobTypeIds": ("job_types",),
    "journalEntryId": ("journal_entries",),
    "lastAppointmentId": ("appointments",),
    "leadCallId": ("calls",),
    "leadId": ("leads",),
    "locationFindingId": ("location_findings",),
    "locationId": ("locations",),
    "locationIds": ("locations",),
    "locationRecurringServiceId": ("recurring_services",),
    "managerId": ("employees",),
    "membershipId": ("memberships",),
    "mergedToId": ("customers", "locations"),
    "parentId": ("pricebook_categories",),
    "paymentTermId": ("payment_terms",),
    "preferredTechnicianIds": ("technicians",),
    "projectId": ("projects",),
    "purchaseOrderId": ("purchase_orders",),
    "proposalTypeId": ("proposal_types",),
    "recurringServiceId": ("recurring_services",),
    "recurringServiceTypeId": ("recurring_service_types",),
    "relatedEntityId": ("customers", "locations"),
    "reportCategoryId": ("report_categories",),
    "reportedById": ("employees",),
    "schedulerId": ("schedulers",),
    "segmentId": ("wbs_segments",),
    "segmentItemId": ("wbs_segment_items",),
    "skuId": ("services", "materials", "equipment"),
    "soldBy": ("technicians",),
    "stCampaignId": ("campaigns",),
    "tagTypeIds": ("tag_types",),
    "tagTypes": ("tag_types",),
    "technicianId": ("technicians",),
    "technicianIds": ("technicians",),
    "timesheetCodeId": ("timesheet_codes",),
    "upgrades": ("services", "equipment"),
    "vendorId": ("vendors",),
    "warehouseId": ("warehouses",),
    "zoneId": ("zones",),
}
POINTS_OTHERWISE = {
    ("inventory_templates", "locationIds"): ("trucks", "warehouses"),
    ("project_substatuses", "statusId"): ("project_statuses",),
    ("wbs_project_segment_items", "parentId"): ("wbs_segment_items",),
    ("wbs_segment_items", "parentId"): ("wbs_segment_items",),
}
# Objects that stand for a row of another stream by its id.
STANDS_FOR = {
    "account": "gl_accounts",
    "bankAccount": "gl_accounts",
    "businessUnit": "business_units",
    "campaign": "campaigns",
    "costOfSaleAccount": "gl_accounts",
    "customer": "customers",
    "deposit": "bank_deposits",
    "feeAccount": "gl_accounts",
    "generalLedgerAccount": "gl_accounts",
    "glAccount": "gl_accounts",
    "leadCall": "calls",
    "location": "locations",
    "paymentType": "payment_types",
    "remittanceVendor": "remittance_vendors",
    "remittanceVendorInfo": "remittance_vendors",
    "salesTaxCode": "tax_zones",
    "taxZone": "tax_zones",
    "vendor": "vendors",
}
# Zero stands for none where the vendor declares a field without null.
MAY_BE_ZERO = {"calls_list.projectId"}
USER_FIELDS = {"createdById", "modifiedById", "assignedById", "soldById", "activatedById", "canceledById"}


@pytest.fixture(scope="module")
def tenant() -> Tenant:
    """Share one tenant among the tests that look at one stream each."""
    return Tenant(SMALL)


@pytest.fixture(scope="module")
def truth() -> dict[str, list[Item]]:
    """Know all rows of a tenant."""
    tenant = Tenant(SMALL)
    return {stream: tenant.rows(stream) for stream in STREAMS}


# ---------------------------------------------------------------------------------------------------------------- data


def test_the_same_seed_makes_the_same_tenant() -> None:
    """A tenant depends on seed, scale and clock, on nothing else."""
    one, same, other = Tenant(SMALL), Tenant(SMALL), Tenant(Settings(scale=0.02, seed=2))
    for stream in STREAMS:
        assert one.rows(stream) == same.rows(stream), stream
    for stream in ("invoices", "gross_pay_items", "technicians", "tasks", "customer_notes", "keyword_performance"):
        assert one.rows(stream) != other.rows(stream)


def test_a_new_row_of_the_table_has_data_at_once() -> None:
    """What the business does not speak of is made from the facts alone, below the rows of its parent too."""
    world = World(1, Directory(1, sizes(0.02)), ticks(SMALL.at), 200)
    fill(world, 0.02, ticks("2026-01-01"))
    told = {stream for stream in STREAMS if world.rows(stream, world.start)}
    assert {"invoices", "vendors", "business_hours", "customer_notes", "router_sessions"} <= told
    for row in world.rows("customer_notes", world.start):
        assert world.find("customers", (str(row.facts["customerId"]),), world.start)
    check_object(world.item(world.rows("vendors", world.start)[0], world.start), FACTS["vendors"].properties, "vendors")


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
    assert sum(after[stream].get(key, item) != item for stream in STREAMS for key, item in before[stream].items()) > 20


DATES_SENT_AS_TIMES = {"journal_entries.postDate", "service_agreements.endDate", "service_agreements.startDate"}
"""Declared as dates, and seen otherwise on live tenants."""


@for_each("stream", STREAMS)
def test_every_property_is_there_and_has_its_type(stream: str, truth: dict[str, list[Item]]) -> None:
    """Rows are what the facts say, in every stream, and no stream is empty."""
    assert len(truth[stream]) >= (3 if stream in FEEDS else 1)
    added = FACTS[stream].added
    for item in truth[stream]:
        assert all(item[name] is not None for name in added), stream
        own = {name: value for name, value in item.items() if name not in {*added} - {*FACTS[stream].properties}}
        check_object(own, FACTS[stream].properties, stream)


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
        midnight = "T00:00:00" if where in DATES_SENT_AS_TIMES else ""
        assert re.fullmatch(r"\d{4}-\d\d-\d\d" + midnight, value), (where, value)
    if isinstance(value, list):
        for one in value:
            check(one, facts["items"], where)
    if facts.get("properties"):
        check_object(value, facts["properties"], where)


@for_each("stream", STREAMS)
def test_keys_are_unique(stream: str, truth: dict[str, list[Item]]) -> None:
    """The key of the table tells the rows of a stream apart."""
    assert max(Counter(identity(stream, item) for item in truth[stream]).values()) == 1


def references(value: Any, stream: str, name: str = "") -> Iterator[tuple[str, str, tuple[str, ...]]]:  # noqa: ANN401 - any JSON value
    """Find all fields of an item that point somewhere, at any depth, with what they point to."""
    if isinstance(value, dict):
        if name in STANDS_FOR and value.get("id") is not None:
            yield f"{stream}.{name}", str(value["id"]), (STANDS_FOR[name],)
        for inner, one in value.items():
            yield from references(one, stream, inner)
    elif isinstance(value, list):
        for one in value:
            yield from references(one["id"] if name == "categories" and isinstance(one, dict) else one, stream, name)
    elif isinstance(value, int | str):
        targets = POINTS_OTHERWISE.get((stream, name)) or POINTS_TO.get(name)
        if targets and not (value == 0 and f"{stream}.{name}" in MAY_BE_ZERO):
            yield f"{stream}.{name}", str(value), targets


def test_references_resolve(truth: dict[str, list[Item]]) -> None:
    """What a row points to is there, if its stream is."""
    ids = {stream: {str(item["id"]) for item in truth[stream] if "id" in item} for stream in STREAMS}
    users = {item["userId"] for stream in ("employees", "technicians") for item in truth[stream]}
    dangling: Counter[str] = Counter()
    for stream in STREAMS:
        for item in truth[stream]:
            for field, value, targets in references(item, stream):
                dangling[field] += not any(value in ids[target] for target in targets)
            for name in USER_FIELDS & item.keys():
                dangling[f"{stream}.{name}"] += item[name] is not None and item[name] not in users
            if item.get("employeeType") and "employeeId" in item:
                people = "technicians" if item["employeeType"] == "Technician" else "employees"
                dangling[f"{stream}.employeeId"] += str(item["employeeId"]) not in ids[people]
    assert not {field: count for field, count in dangling.items() if count}


@pytest.mark.parametrize("stream", ["journal_entry_details", "journal_entry_summaries"])
def test_debits_equal_credits(stream: str, truth: dict[str, list[Item]]) -> None:
    """Each journal entry that has lines is balanced, and those that say that they are empty have none."""
    balance: Counter[str] = Counter()
    for line in truth[stream]:
        balance[line["journalEntryId"]] += round(100 * (line["debit"] - line["credit"]))
    assert not any(balance.values())
    assert {*balance} == {entry["id"] for entry in truth["journal_entries"] if not entry["isEmpty"]}


@pytest.mark.parametrize(
    ("stream", "origin", "within"),
    [
        ("services_list", "services", ""),
        ("installed_equipment_details", "installed_equipment", ""),
        ("location_finding_details", "location_findings", ""),
        ("calls_list", "calls", "leadCall"),
    ],
)
def test_a_row_is_the_same_wherever_it_is_shown(
    stream: str, origin: str, within: str, truth: dict[str, list[Item]]
) -> None:
    """A detail or a second list says of a row what the first one says, and more."""
    first = {item["id"]: item for item in truth[origin]}
    assert len(first) == len(truth[stream])
    for item in truth[stream]:
        shown = item[within] if within else item
        for name in ("createdOn", "modifiedOn", "active", "name", "memo", "price", "recordingUrl", "customFields"):
            if name in shown.keys() & first[item["id"]].keys():
                assert shown[name] == first[item["id"]][name], name


def test_inactive_rows_are_everywhere(truth: dict[str, list[Item]]) -> None:
    """Every list whose rows can be inactive has rows that are."""
    shown = {stream for stream in LISTS for item in truth[stream] if item.get("active", item.get("isActive")) is False}
    may_be = {stream for stream in LISTS if {"active", "isActive"} & FACTS[stream].properties.keys()}
    # Business units change once in a while, and these are the same rows.
    assert may_be - shown <= {"intacct_business_unit_mappings"}


def test_jobs_are_at_locations_of_their_customers(truth: dict[str, list[Item]]) -> None:
    """What belongs together belongs to the same customer."""
    owner = {location["id"]: location["customerId"] for location in truth["locations"]}
    customer = {job["id"]: job["customerId"] for job in truth["jobs"]}
    assert all(owner[job["locationId"]] == job["customerId"] for job in truth["jobs"])
    assert all(customer[visit["jobId"]] == visit["customerId"] for visit in truth["appointments"])
    assert all(customer[bill["job"]["id"]] == bill["customer"]["id"] for bill in truth["invoices"])


def test_amounts_add_up(truth: dict[str, list[Item]]) -> None:
    """Items make the invoice; payments, credits and the balance make its total."""
    paid: Counter[int] = Counter()
    for payment in truth["payments"]:
        for part in payment["appliedTo"]:
            paid[part["appliedTo"]] += cents(part["appliedAmount"])
    for memo in truth["credit_memos"]:
        for part in memo["appliedTo"] if memo["active"] else ():
            paid[part["appliedTo"]] += round(part["appliedAmount"] * 100)
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
    for stream in ("invoices", "inventory_bills", "projects", "ap_bills", "bank_deposits", "tasks"):
        assert {item["modifiedOn"] is None for item in truth[stream]} == {True, False}, stream
    assert {item["id"] is None for item in truth["gross_pay_items"]} == {True, False}
    for stream in ("customer_contacts", "location_contacts", "payroll_adjustments"):
        assert max(Counter(item["id"] for item in truth[stream]).values()) > 1, stream
    assert max(len(item["history"]) for item in truth["job_history"]) > 3
    assert {item["active"] for item in truth["appointment_assignments"]} == {True, False}
    stamps = [item["modifiedOn"] for stream in STREAMS for item in truth[stream] if item.get("modifiedOn")]
    assert {0, 7} <= {len(stamp.rstrip("Z").partition(".")[2]) for stamp in stamps}
    assert max(Counter(item["modifiedOn"] for item in truth["services"]).values()) > SMALL.page_size
