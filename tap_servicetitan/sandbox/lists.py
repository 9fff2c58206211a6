"""Serving the list endpoints: query in, page out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tap_servicetitan.sandbox.churn import churn
from tap_servicetitan.sandbox.facts import FACTS, TENANT
from tap_servicetitan.sandbox.faults import PAGED_LISTS, WITHOUT_PAGES
from tap_servicetitan.sandbox.filters import chosen, ordered, require_parameters
from tap_servicetitan.sandbox.pages import envelope, requested_page
from tap_servicetitan.sandbox.responses import json_response

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.responses import Response

    from tap_servicetitan.sandbox.facts import Facts
    from tap_servicetitan.sandbox.responses import ApiRequest
    from tap_servicetitan.sandbox.tenant import Tenant
    from tap_servicetitan.sandbox.world import Row

# Bodies that are one object, which is the row.
_OBJECTS = frozenset(name for name, facts in FACTS.items() if facts.row.kind == "list" and TENANT in facts.row.key)
# Fields that are null unless a parameter is true.
_ONLY_ASKED: Mapping[str, tuple[str, str]] = {
    "services_list": ("calculatePrices", "calculatedPrice"),
    "tasks": ("includeSubtasks", "subTasksData"),
}


def list_page(tenant: Tenant, facts: Facts, request: ApiRequest) -> Response:
    """Return the page of a list that is requested."""
    now = tenant.catch_up()
    if facts.row.name in _OBJECTS:
        [whole] = tenant.items(facts.row.name, tenant.in_order(facts.row.name, now), now)
        fault = tenant.faults.take(WITHOUT_PAGES, facts.row.name, request.query)
        churn(tenant, facts.row.name, request.query)
        return json_response(whole | dict(fault.fields) if fault else whole)
    return page_of(tenant, facts, request, tenant.in_order(facts.row.name, now), now)


def page_of(tenant: Tenant, facts: Facts, request: ApiRequest, rows: list[Row], now: int) -> Response:
    """Return the page that is requested of rows that stand in the order of their changes."""
    stream, quirks = facts.row.name, tenant.quirks.of(facts.row.name)
    require_parameters(facts, request.query)
    requested = requested_page(facts, request.query)
    query = quirks.query(request.query)
    page = quirks.page(requested_page(facts, query))
    visible = quirks.visible(rows, now)
    found = quirks.arranged(ordered(facts, query, chosen(facts, query, visible, now), now))
    fault = tenant.faults.take(PAGED_LISTS if page else WITHOUT_PAGES, stream, request.query)
    empty = fault is not None and fault.kind == "empty-page"
    begin, end = tenant.inserted.place((stream, *request.path.values()), page, empty=empty) if page else (0, len(found))
    changes = _not_requested(facts, query) | (dict(fault.fields) if fault and fault.kind == "extra-field" else {})
    data = _data(tenant, facts, found[begin:end], now, changes)
    total = len(found)
    body = envelope(facts, page, data, has_more=empty or end < total, total=total) | _about(tenant, facts, total)
    originals = {row.number: row for row in rows}
    read, unread = ([originals[row.number] for row in part] for part in (found[:end], found[end:]))
    churn(tenant, stream, request.query, read, unread)
    if not facts.envelope:
        return json_response(data)
    return json_response(quirks.envelope(body, total, requested.size if requested else None))


def _data(tenant: Tenant, facts: Facts, rows: list[Row], now: int, changes: dict[str, Any]) -> list[Any]:
    stream = facts.row.name
    # What was written once is kept, but not what a quirk shows of rows as they were.
    if changes or facts.without or tenant.quirks.of(stream).late:
        items = (item | changes for item in tenant.items(stream, rows, now))
        return [{name: value for name, value in item.items() if name not in facts.without} for item in items]
    return list(tenant.encoded(stream, rows, now))


def _not_requested(facts: Facts, query: Mapping[str, str]) -> dict[str, Any]:
    parameter, field = _ONLY_ASKED.get(facts.row.name, ("", ""))
    return {field: None} if field and query.get(parameter, "").lower() != "true" else {}


def _about(tenant: Tenant, facts: Facts, total: int) -> dict[str, Any]:
    """Say what one module says in place of a page's number and size."""
    if "tenantId" not in facts.envelope:
        return {}
    return {"tenantId": int(tenant.id), "tenantName": "Sandbox Plumbing, Heating & Electrical", "totalCount": total}
