"""Columns that settings ask for: the tenant, custom fields by the ID of their type, and marks of inactive rows."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tap_servicetitan.catalog.endpoints import BY_NAME, ENDPOINTS
from tap_servicetitan.catalog.schema import stream_schema
from tap_servicetitan.sandbox.server import serve
from tap_servicetitan.tap import TapServiceTitan
from tests.support.reporting import TECHNICIANS, read
from tests.support.reporting import config as with_reports
from tests.support.running import Message, catalog_of, run, texts, truth

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tap_servicetitan.sandbox.server import Sandbox

WITH_TYPES = {
    "adjustments", "customers", "employees", "equipment_systems", "installed_equipment_details", "jobs", "locations",
    "memberships", "payroll_settings", "projects", "purchase_order_requests", "purchase_orders", "receipts", "returns",
    "service_agreements", "technicians", "transfers", "vendors",
}  # fmt: skip
"""The streams whose custom fields have an ID; those of accounting have a name alone."""

# Windows begin at the start date: of ten years, most would be empty.
LATELY: Message = {"start_date": "2026-10-01", "router_ids": ["router-1"]}


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    """Run a small tenant."""
    with serve(seed=4, scale=0.02) as running:
        running.config |= {"requests_per_second": 10_000}
        yield running


def catalog_with(**settings: object) -> dict[str, Message]:
    """Give the catalog's entries by stream, with some settings."""
    return {entry["stream"]: entry for entry in catalog_of(**settings)["streams"]}


def test_there_is_none_unless_asked_for() -> None:
    """Without the settings the schema is that of the facts, and the very same object."""
    tap = TapServiceTitan(validate_config=False)
    assert all(stream.schema is stream_schema(BY_NAME[name]) for name, stream in tap.streams.items())


def test_the_tenant_is_on_every_record_and_in_every_key(sandbox: Sandbox) -> None:
    """Every record of every stream has it, it is the first of the key, and all else is as without."""
    config, streams = sandbox.config | LATELY, [row.name for row in ENDPOINTS]
    without, output = run(config, *streams), run(config | {"tenant_column": True}, *streams)
    assert output.error is None
    tenant = int(sandbox.config["tenant_id"])
    for message in output.messages:
        if message["type"] == "SCHEMA":
            assert message["key_properties"] == ["tenant_id", *BY_NAME[message["stream"]].key]
            assert message["schema"]["properties"]["tenant_id"]["type"] == "integer"
            assert message["schema"]["required"][0] == "tenant_id"
        elif message["type"] == "RECORD":
            assert message["record"].pop("tenant_id") == tenant
    assert output.counts == without.counts
    assert min(output.counts[name] for name in ("invoices", "customer_notes", "campaign_performance")) > 0
    assert output.bookmarks.keys() == without.bookmarks.keys()


def test_the_tenant_is_on_the_rows_of_reports(sandbox: Sandbox) -> None:
    """A report's stream has it too."""
    output = read(with_reports(sandbox, TECHNICIANS, tenant_column=True), "scorecard")
    assert output.error is None
    assert next(one for one in output.messages if one["type"] == "SCHEMA")["key_properties"][0] == "tenant_id"
    rows = output.records["scorecard"]
    assert len(rows) > 1
    assert {row["tenant_id"] for row in rows} == {int(sandbox.config["tenant_id"])}


def test_an_older_catalog_does_not_leave_the_tenant_out(sandbox: Sandbox) -> None:
    """A catalog from before the setting was on has neither the column nor the key; tables would mix tenants."""
    output = run(sandbox.config | {"tenant_column": True}, catalog=catalog_of("customers"))
    schema = next(one for one in output.messages if one["type"] == "SCHEMA")
    assert schema["key_properties"] == ["tenant_id", "id"]
    assert all("tenant_id" in row for row in output.records["customers"])


def test_a_newer_catalog_does_not_ask_for_the_tenant(sandbox: Sandbox) -> None:
    """A catalog from when the setting was on names a key that records no longer have."""
    catalog = catalog_of("customers")
    entry = next(one for one in catalog["streams"] if one["stream"] == "customers")
    entry["key_properties"] = ["tenant_id", "id"]
    output = run(sandbox.config, catalog=catalog)
    assert next(one for one in output.messages if one["type"] == "SCHEMA")["key_properties"] == ["id"]


def test_custom_fields_come_by_the_id_of_their_type(sandbox: Sandbox) -> None:
    """The object has what the array has, which stays, in all streams whose custom fields have an ID."""
    schemas = catalog_with(custom_fields_by_id=True)
    assert {name for name, one in schemas.items() if "customFieldsById" in one["schema"]["properties"]} == WITH_TYPES
    config = sandbox.config | {"custom_fields_by_id": True}
    output = run(config, catalog=catalog_of(*WITH_TYPES, custom_fields_by_id=True))
    assert output.error is None
    filled = 0
    for name in WITH_TYPES:
        rows = output.records[name]
        for row in rows:
            by_id, fields = row.pop("customFieldsById"), row["customFields"]
            wanted = None if fields is None else {str(one["typeId"]): one["value"] for one in fields}
            assert json.loads(by_id or "null") == wanted
            filled += bool(by_id)
        assert name == "installed_equipment_details" or texts(rows) == texts(truth(sandbox, name))
    assert filled > 10


def marked(rows: list[Message]) -> list[Message]:
    """Add the mark that inactive rows are to have."""
    return [row | {"_sdc_deleted_at": None if row["active"] else row["modifiedOn"]} for row in rows]


def test_inactive_rows_of_feeds_are_marked(sandbox: Sandbox) -> None:
    """A row that becomes inactive comes with the mark, and without it once it is active again."""
    config = sandbox.config | {"deleted_column": True}
    catalog = catalog_of("customers", deleted_column=True)
    first = run(config, catalog=catalog)
    assert texts(first.records["customers"]) == texts(marked(truth(sandbox, "customers")))
    chosen = next(row["id"] for row in truth(sandbox, "customers") if row["active"])
    sandbox.touch("customers", keys=[{"id": chosen}], values={"active": False})
    sandbox.advance(3600)
    second = run(config, catalog=catalog, state=first.state)
    (row,) = second.records["customers"]
    assert (row["id"], row["_sdc_deleted_at"]) == (chosen, row["modifiedOn"])
    sandbox.touch("customers", keys=[{"id": chosen}], values={"active": True})
    sandbox.advance(3600)
    (row,) = run(config, catalog=catalog, state=second.state).records["customers"]
    assert (row["id"], row["_sdc_deleted_at"]) == (chosen, None)


def test_streams_that_cannot_tell_have_no_mark() -> None:
    """Where inactive rows do not come again, or do not say when they changed, a mark would be a guess."""
    schemas = catalog_with(deleted_column=True)
    marks = {name for name, one in schemas.items() if "_sdc_deleted_at" in one["schema"]["properties"]}
    assert {"customers", "jobs", "technicians", "campaigns", "zones"} <= marks
    # Made on, hidden by the API, read whole, of a parent: in this order.
    assert not marks & {"job_canceled_logs", "ap_credits", "credit_memo_items", "bank_deposit_transactions"}
    for name in marks:
        row = BY_NAME[name]
        assert row.replication_key == "modifiedOn"
        assert row.kind == "export" or (row.modified_since and row.inactive)
