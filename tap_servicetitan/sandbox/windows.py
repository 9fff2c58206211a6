"""Serving the endpoints that are read by spans of time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tap_servicetitan.sandbox.churn import churn
from tap_servicetitan.sandbox.clock import DAY, iso
from tap_servicetitan.sandbox.faults import PAGED_LISTS, WITHOUT_PAGES
from tap_servicetitan.sandbox.figures import capacity, fleet
from tap_servicetitan.sandbox.figures.sources import FLEET, OBJECTS, figures_of, window_of
from tap_servicetitan.sandbox.filters import require_parameters
from tap_servicetitan.sandbox.pages import envelope, requested_page
from tap_servicetitan.sandbox.parents import parent_of
from tap_servicetitan.sandbox.responses import HttpError, json_response
from tap_servicetitan.sandbox.spans import requested_span

if TYPE_CHECKING:
    from starlette.responses import Response

    from tap_servicetitan.sandbox.facts import Facts
    from tap_servicetitan.sandbox.responses import ApiRequest
    from tap_servicetitan.sandbox.rows import Item
    from tap_servicetitan.sandbox.tenant import Tenant


def window_page(tenant: Tenant, facts: Facts, request: ApiRequest) -> Response:
    """Return what is requested of a span of time."""
    now = tenant.catch_up()
    window = window_of(facts)
    if request.malformed:
        raise HttpError(400)
    require_parameters(facts, request.query)
    for name, value in facts.row.params.items():
        if name == "performanceSegmentationType" and request.query.get(name) != value:
            raise HttpError(400)
    span = requested_span(window, request.query)
    if facts.row.name == "capacities" and span.end - span.begin > capacity.AHEAD * DAY:
        raise HttpError(400)
    parent = request.path.get("id", "")
    if facts.row.name in FLEET:
        vins = fleet.requested_vins(request.query, span)
        rows = fleet.positions(facts.row.name, tenant.world, span, now, vins)
        most = tenant.quirks.of(facts.row.name).row_limit or fleet.MOST_ROWS
        return _page(tenant, facts, request, rows[:most], now)
    if parent:
        parent_of(tenant.world, facts, request.path, now)
    return _page(tenant, facts, request, figures_of(tenant.world, facts, span, now, parent), now)


def _page(tenant: Tenant, facts: Facts, request: ApiRequest, rows: list[Item], now: int) -> Response:
    stream, quirks = facts.row.name, tenant.quirks.of(facts.row.name)
    requested = requested_page(facts, request.query)
    page = quirks.page(requested_page(facts, quirks.query(request.query)))
    fault = tenant.faults.take(PAGED_LISTS if page else WITHOUT_PAGES, stream, request.query)
    if fault and fault.kind == "extra-field":
        rows = [row | dict(fault.fields) for row in rows]
    rows = quirks.arranged(rows)
    empty = fault is not None and fault.kind == "empty-page"
    number_name, _ = facts.row.page_parameters
    place = (stream, *(value for name, value in sorted(request.query.items()) if name != number_name))
    begin, end = tenant.inserted.place(place, page, empty=empty) if page else (0, len(rows))
    churn(tenant, stream, request.query)
    if stream in OBJECTS:
        return json_response(rows[0])
    if "timeStamp" in facts.envelope:
        return json_response({"timeStamp": iso(now), facts.row.records: rows})
    body = envelope(facts, page, rows[begin:end], has_more=empty or end < len(rows), total=len(rows))
    return json_response(quirks.envelope(body, len(rows), requested.size if requested else None))
