"""Answering the endpoints that are asked by spans of time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tap_servicetitan.sandbox.answers import RefusalError, answer
from tap_servicetitan.sandbox.clock import DAY, iso
from tap_servicetitan.sandbox.faults import PAGED_LISTS, WITHOUT_PAGES
from tap_servicetitan.sandbox.figures import capacity
from tap_servicetitan.sandbox.figures.sources import OBJECTS, figures_of, window_of
from tap_servicetitan.sandbox.filters import demand
from tap_servicetitan.sandbox.pages import envelope, page_asked
from tap_servicetitan.sandbox.parents import parent_of
from tap_servicetitan.sandbox.spans import span_asked

if TYPE_CHECKING:
    from starlette.responses import Response

    from tap_servicetitan.sandbox.answers import Asked
    from tap_servicetitan.sandbox.facts import Facts
    from tap_servicetitan.sandbox.rows import Item
    from tap_servicetitan.sandbox.tenant import Tenant


def window_page(tenant: Tenant, facts: Facts, asked: Asked) -> Response:
    """Give what is asked for of a span of time."""
    now = tenant.catch_up()
    window = window_of(facts)
    if asked.malformed:
        raise RefusalError(400)
    demand(facts, asked.query)
    for name, value in facts.row.params.items():
        if name == "performanceSegmentationType" and asked.query.get(name) != value:
            raise RefusalError(400)
    span = span_asked(window, asked.query)
    if facts.row.name == "capacities" and span.end - span.begin > capacity.AHEAD * DAY:
        raise RefusalError(400)
    parent = asked.path.get("id", "")
    if parent:
        parent_of(tenant.world, facts, asked.path, now)
    return _page(tenant, facts, asked, figures_of(tenant.world, facts, span, now, parent), now)


def _page(tenant: Tenant, facts: Facts, asked: Asked, rows: list[Item], now: int) -> Response:
    page = page_asked(facts, asked.query)
    fault = tenant.faults.take(PAGED_LISTS if page else WITHOUT_PAGES, facts.row.name)
    if fault and fault.kind == "extra-field":
        rows = [row | dict(fault.fields) for row in rows]
    if facts.row.name in OBJECTS:
        return answer(rows[0])
    empty = fault is not None and fault.kind == "empty-page"
    place = (facts.row.name, *(value for name, value in sorted(asked.query.items()) if name != "page"))
    begin, end = tenant.inserted.place(place, page, empty=empty) if page else (0, len(rows))
    if "timeStamp" in facts.envelope:
        return answer({"timeStamp": iso(now), facts.row.records: rows})
    has_more = empty or end < len(rows)
    return answer(envelope(facts, page, rows[begin:end], has_more=has_more, total=len(rows)))
