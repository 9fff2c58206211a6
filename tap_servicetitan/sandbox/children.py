"""Serving the endpoints below a row of another stream: the row is looked up first."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tap_servicetitan.sandbox.churn import churn
from tap_servicetitan.sandbox.faults import WITHOUT_PAGES
from tap_servicetitan.sandbox.lists import page_of
from tap_servicetitan.sandbox.mirrors import BY_ID, MIRRORS, shown_item
from tap_servicetitan.sandbox.parents import NOT_FOUND, parent_of, refuses_children
from tap_servicetitan.sandbox.responses import HttpError, json_response

if TYPE_CHECKING:
    from starlette.responses import Response

    from tap_servicetitan.sandbox.facts import Facts
    from tap_servicetitan.sandbox.responses import ApiRequest
    from tap_servicetitan.sandbox.tenant import Tenant
    from tap_servicetitan.sandbox.world import Row

# Bodies that are one object, which is the row; 404 where there is none.
_OBJECTS = frozenset({"job_booked_logs", *BY_ID})
_BARE = frozenset({"location_preferred_technicians"})


def child_page(tenant: Tenant, facts: Facts, request: ApiRequest) -> Response:
    """Return what stands below a row."""
    now = tenant.catch_up()
    stream = facts.row.name
    if facts.row.ids:
        return page_of(tenant, facts, request, tenant.in_order(stream, now), now)
    key = tuple(request.path[name] for name in facts.row.placeholders)
    parent = parent_of(tenant.world, facts, request.path, now)
    if parent and refuses_children(facts, parent, now):
        raise HttpError(409, "The customer is not active.")
    rows = [parent] if parent and stream in MIRRORS else tenant.world.below(stream, key, now)
    if stream in _OBJECTS or stream in _BARE:
        return _one(tenant, facts, request, rows, now)
    return page_of(tenant, facts, request, rows, now)


def _one(tenant: Tenant, facts: Facts, request: ApiRequest, rows: list[Row], now: int) -> Response:
    bare = facts.row.name in _BARE
    if not rows and not bare:
        raise HttpError(404, NOT_FOUND)
    item: Any = shown_item(tenant.world, facts.row.name, rows[0], now) if rows else None
    churn(tenant, facts.row.name, request.query, rows)
    if bare:
        return json_response(item and item["technicianId"])
    fault = tenant.faults.take(WITHOUT_PAGES, facts.row.name, request.query)
    return json_response(item | dict(fault.fields) if fault else item)
