"""The data model: every stream has its place, every column that it names is there, and every reference joins."""

from __future__ import annotations

import itertools
import re
from typing import TYPE_CHECKING, Any

import pytest

from tap_servicetitan.catalog import data_model
from tap_servicetitan.catalog.data_model import areas, descriptions, references, stream_model
from tap_servicetitan.catalog.endpoints import BY_NAME, ENDPOINTS
from tap_servicetitan.catalog.schema import stream_schema
from tap_servicetitan.sandbox.server import serve
from tests.support.running import truth

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tap_servicetitan.catalog.data_model import Reference
    from tap_servicetitan.catalog.endpoint import Endpoint

Json = dict[str, Any]

MODEL = data_model._model()  # noqa: SLF001 - the file as a whole
ALL = [(row.name, reference) for row in ENDPOINTS for reference in references(row.name)]
LONGEST_COMMENT = 1024
"""What BigQuery takes as the description of a column."""

NEVER_IN_THE_SANDBOX = {
    "activities": {"projectId"},
    "adjustments": {"canceledById", "invoiceId", "projectId"},
    "ap_bills": {
        "canceledBy.id",
        "expenseItems[].budgetCodeId",
        "expenseItems[].businessUnit.id",
        "expenseItems[].generalLedgerAccount.id",
        "expenseItems[].job.id",
        "items[].receiptItemId",
    },
    "ap_credits": {"splits[].inventoryBillId", "splits[].vendorCreditId"},
    "appointments": {
        "appointmentSummaries[].jobAppointmentId",
        "appointmentSummaries[].jobId",
        "appointmentSummaries[].technicianId",
    },
    "attributed_leads": {
        "attribution.attributionOverwriteId",
        "attribution.overwrittenBookingJobId",
        "booking.id",
        "job.id",
    },
    "calls": {"createdBy.id"},
    "calls_list": {"leadCall.createdBy.id", "projectId"},
    "discounts_and_fees": {"categories[]"},
    "employees": {"businessUnitAccessIds[]"},
    "equipment": {"variationsOrConfigurableEquipment[]"},
    "equipment_systems": {"tags[].ownerId", "tags[].typeId"},
    "estimate_items": {"invoiceItemId", "membershipTypeId"},
    "estimate_templates": {"items[].itemGroupParentId"},
    "estimates": {"items[].invoiceItemId", "items[].membershipTypeId", "projectId"},
    "expense_transactions": {
        "job.id",
        "lineItems[].businessUnit.id",
        "lineItems[].job.id",
        "lineItems[].project.id",
        "project.id",
    },
    "gross_pay_items": {"projectId"},
    "installed_equipment": {"tags[].ownerId", "tags[].typeId"},
    "installed_equipment_details": {"tags[].ownerId", "tags[].typeId"},
    "inventory_bills": {"items[].receiptItemId"},
    "inventory_templates": {"items[].unitOfMeasure.skuId", "items[].unitOfMeasure.vendors[].procurementVendorId"},
    "invoice_items": {"estimateItemId", "installedEquipmentId", "membershipTypeId"},
    "invoice_tasks": {"relations[].taskId"},
    "invoice_templates": {"items[].workflowActionItemId"},
    "invoices": {
        "adjustmentToId",
        "items[].estimateItemId",
        "items[].installedEquipmentId",
        "items[].membershipTypeId",
        "materialSkuId",
        "projectId",
    },
    "jobs": {
        "createdFromEstimateId",
        "jobGeneratedLeadSource.employeeId",
        "jobGeneratedLeadSource.jobId",
        "partnerLeadCallId",
        "recallForId",
        "soldById",
        "warrantyId",
    },
    "journal_entries": {"exportedBy.id"},
    "journal_entry_details": {
        "appliedTo.id",
        "customerLocation.id",
        "inventoryLocation.id",
        "job.id",
        "project.id",
        "serviceAgreement.id",
        "sku.id",
        "vendor.id",
    },
    "leads": {"bookingId", "manualCallId"},
    "location_finding_details": {"linkedEstimateIds[]", "linkedJobIds[]", "sourceJobId"},
    "location_findings": {"sourceJobId"},
    "materials": {"variationsOrConfigurableMaterials[]"},
    "membership_types": {"discounts[].targetId"},
    "memberships": {"activatedFromId", "cancellationBalanceInvoiceId", "cancellationInvoiceId", "renewedById"},
    "payments": {"deposit.id", "refundedPaymentId"},
    "purchase_order_requests": {"items[].budgetCodeId", "items[].skuId", "projectId"},
    "purchase_orders": {"projectId"},
    "receipts": {"technicianId"},
    "recurring_service_events": {"jobId"},
    "recurring_services": {"activatedFromId"},
    "returns": {"canceledById", "items[].receiptItemId", "projectId"},
    "reviews": {"technicianId", "verifiedByUserId"},
    "router_sessions": {
        "bookingId",
        "customer.id",
        "customer.locationId",
        "jobId",
        "leadId",
        "previousSessionId",
        "recurringServiceId",
    },
    "scheduler_sessions": {
        "bookingId",
        "customer.id",
        "customer.locationId",
        "jobId",
        "leadId",
        "previousSessionId",
        "recurringServiceId",
    },
    "service_agreements": {"renewalAgreementId", "soldById"},
    "tasks": {
        "attachments[].createdBy",
        "descriptionModifiedById",
        "projectId",
        "subTasksData.subTasks[].comments[].employeeId",
    },
    "technician_shifts": {"timesheetCodeId"},
    "technician_skills": {"jobTypeIds[]"},
    "technicians": {"appoitmentId", "jobId"},
    "transfers": {"canceledById"},
    "warehouses": {"inventoryTemplateId"},
    "well_known_gl_accounts": {"uncategorizedExpenseAccountId"},
}
"""References that the sandbox's company never fills, by stream."""

each_row = pytest.mark.parametrize("row", ENDPOINTS, ids=lambda row: row.name)


def column(schema: Json, path: str) -> Json:
    """Find a column in a schema: a dot leads into objects, and [] into arrays."""
    for name in path.split("."):
        schema = schema["properties"][name.removesuffix("[]")]
        schema = schema["items"] if name.endswith("[]") else schema
    return schema


def described(schema: Json, path: str) -> str:
    """Give the description of a column."""
    found: str = column(schema, path.removesuffix("[]"))["description"]
    return found


def values(row: Json, path: str) -> Iterator[Any]:
    """Give the values of a column that say something: null and 0 stand for none."""
    name, _, rest = path.partition(".")
    found = row.get(name.removesuffix("[]"))
    for one in (found or []) if name.endswith("[]") else [found]:
        if one:
            yield from values(one, rest) if rest else [one]


def test_every_stream_has_its_place() -> None:
    """Each stream is in an area, each area has streams, and nothing else is there."""
    assert MODEL.streams.keys() == BY_NAME.keys()
    assert {stream_model(name).area for name in BY_NAME} == areas().keys()


@each_row
def test_a_sentence_says_what_a_row_is(row: Endpoint) -> None:
    """It is one sentence, and names no other stream's row: no two are the same."""
    sentence = stream_model(row.name).row
    assert re.fullmatch(r"[A-Z][^.]{8,110}\.", sentence)
    assert [name for name in BY_NAME if stream_model(name).row == sentence] == [row.name]
    assert stream_schema(row)["description"] == sentence


@each_row
def test_what_says_when_is_a_time_and_how_much_a_number(row: Endpoint) -> None:
    """The columns are in the schema, and of the right types."""
    schema, model = stream_schema(row), stream_model(row.name)
    assert {column(schema, one).get("format") for one in model.when} <= {"date", "date-time"}
    types = {kind for one in model.how_much for kind in column(schema, one)["type"]}
    # Some amounts are declared as texts.
    assert types <= {"number", "integer", "string", "null"}


@each_row
def test_keys_and_references_are_described(row: Endpoint) -> None:
    """The catalog says of each what it means, in a text that targets can take as a comment."""
    schema, known = stream_schema(row), descriptions(row)
    assert known.keys() == {*row.key, *(one.column for one in references(row.name))}
    for path, text in known.items():
        assert described(schema, path) == text
        assert len(text) <= LONGEST_COMMENT
        assert ("ey: " in text) is (path in row.key)


def test_what_a_key_or_reference_means() -> None:
    """Words of the column's own, else those of what it joins; and what it joins, with what chooses between them."""
    jobs, invoices = stream_schema(BY_NAME["jobs"]), stream_schema(BY_NAME["invoices"])
    assert described(jobs, "id") == "Key: identifies the job."
    assert described(jobs, "customerId") == "The customer: joins customers.id."
    assert described(jobs, "recallForId") == "The job that this one is a recall of: joins jobs.id."
    assert described(jobs, "createdById") == ("The user who created it: joins employees.userId or technicians.userId.")
    assert described(jobs, "tagTypeIds") == "The tags: joins tag_types.id."
    assert described(invoices, "items[].skuId") == (
        "The item of the price book: joins services.id, materials.id, equipment.id or discounts_and_fees.id, "
        "as items[].type says."
    )
    assert described(invoices, "salesTaxCode.id").endswith(": probably joins tax_zones.id.")
    # A table that keeps the object in one column has a comment on that.
    assert described(invoices, "customer") == described(invoices, "customer.id") == "The customer: joins customers.id."
    assert "description" not in column(invoices, "items")


@pytest.mark.parametrize(("stream", "reference"), ALL, ids=lambda one: getattr(one, "column", one))
def test_a_reference_joins_columns_that_are_there(stream: str, reference: Reference) -> None:
    """The column, those that it joins, and the one that chooses between them are in the schemas."""
    kind = column(stream_schema(BY_NAME[stream]), reference.column)["type"]
    assert {*([kind] if isinstance(kind, str) else kind)} <= {"integer", "string", "null"}
    for target in reference.join.targets:
        assert column(stream_schema(BY_NAME[target.stream]), target.column)
    if reference.join.by:
        column(stream_schema(BY_NAME[stream]), reference.join.by)


def test_no_word_is_left_over() -> None:
    """Each meaning is that of a column, each group is joined, and each singular is a stream's."""
    texts = {reference.meaning for _, reference in ALL}
    assert {*MODEL.meanings.values()} <= texts
    written = {word for name in BY_NAME for text in stream_model(name).references.values() for word in text.split()}
    assert {name for name in MODEL.groups if not {name, f"{name}?"} & written} == set()
    assert MODEL.singulars.keys() <= BY_NAME.keys()


def test_every_reference_joins() -> None:
    """In the sandbox's company, whatever a column refers to is there; what is never filled is known."""
    with serve(seed=1, scale=0.05) as sandbox:
        rows = {name: truth(sandbox, name) for name in BY_NAME}
    there = {
        target: {str(one) for row in rows[target.stream] for one in values(row, target.column)}
        for target in {target for _, reference in ALL for target in reference.join.targets}
    }
    orphans: dict[str, list[Any]] = {}
    never: dict[str, set[str]] = {}
    for stream, reference in ALL:
        found = {one for row in rows[stream] for one in values(row, reference.column)}
        known = set(itertools.chain.from_iterable(there[target] for target in reference.join.targets))
        # An id may be a text here and a number there.
        if missing := [one for one in found if str(one) not in known]:
            orphans[f"{stream}.{reference.column}"] = missing[:3]
        if not found:
            never.setdefault(stream, set()).add(reference.column)
    assert orphans == {}
    assert never == NEVER_IN_THE_SANDBOX
