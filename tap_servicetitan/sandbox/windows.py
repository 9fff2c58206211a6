"""Answering the endpoints that are asked by spans of time."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any, TypeAlias

from tap_servicetitan.sandbox.answers import RefusalError, answer
from tap_servicetitan.sandbox.children import parent_of
from tap_servicetitan.sandbox.clock import DAY, iso, ticks
from tap_servicetitan.sandbox.directory import ROUTERS
from tap_servicetitan.sandbox.facts import TENANT
from tap_servicetitan.sandbox.faults import PAGED_LISTS, WITHOUT_PAGES
from tap_servicetitan.sandbox.figures import ads, capacity, online, spending
from tap_servicetitan.sandbox.filters import demand
from tap_servicetitan.sandbox.pages import envelope, page_asked
from tap_servicetitan.sandbox.spans import Span, span_asked, told_spans

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from starlette.responses import Response

    from tap_servicetitan.catalog.window import Window
    from tap_servicetitan.sandbox.answers import Asked
    from tap_servicetitan.sandbox.facts import Facts
    from tap_servicetitan.sandbox.rows import Item
    from tap_servicetitan.sandbox.tenant import Tenant
    from tap_servicetitan.sandbox.world import World

Source: TypeAlias = "Callable[[World, Span, int], list[Item]]"
Below: TypeAlias = "Callable[[World, Span, int, str], list[Item]]"

# Sums exist for every span; the truth tells them from this month on.
_SUMS_SINCE = ticks("2026-01-01")


def _leads(world: World, span: Span, now: int) -> list[Item]:
    rows = [row for row in world.rows("attributed_leads", now) if span.has(row.facts["dateTime"])]
    return [world.item(row, now) for row in sorted(rows, key=lambda row: (row.facts["dateTime"], row.number))]


_SOURCES: Mapping[str, Source] = {
    "ad_group_performance": functools.partial(ads.performance, 2),
    "attributed_leads": _leads,
    "campaign_cost_summaries": spending.campaign_costs,
    "campaign_performance": functools.partial(ads.performance, 1),
    "capacities": capacity.availabilities,
    "email_channel_costs": spending.email_costs,
    "keyword_performance": functools.partial(ads.performance, 3),
}
_BELOW: Mapping[str, Below] = {"router_performance": online.router, "scheduler_performance": online.scheduler}
_OBJECTS = frozenset({"email_channel_costs", *_BELOW})


def window_page(tenant: Tenant, facts: Facts, asked: Asked) -> Response:
    """Give what is asked for of a span of time."""
    now = tenant.catch_up()
    window = _window(facts)
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
    return _page(tenant, facts, asked, _figures(tenant.world, facts, span, now, parent), now)


def _page(tenant: Tenant, facts: Facts, asked: Asked, rows: list[Item], now: int) -> Response:
    page = page_asked(facts, asked.query)
    fault = tenant.faults.take(PAGED_LISTS if page else WITHOUT_PAGES, facts.row.name)
    if fault and fault.kind == "extra-field":
        rows = [row | dict(fault.fields) for row in rows]
    if facts.row.name in _OBJECTS:
        return answer(rows[0])
    empty = fault is not None and fault.kind == "empty-page"
    place = (facts.row.name, *(value for name, value in sorted(asked.query.items()) if name != "page"))
    begin, end = tenant.inserted.place(place, page, empty=empty) if page else (0, len(rows))
    if "timeStamp" in facts.envelope:
        return answer({"timeStamp": iso(now), facts.row.records: rows})
    has_more = empty or end < len(rows)
    return answer(envelope(facts, page, rows[begin:end], has_more=has_more, total=len(rows)))


def _figures(world: World, facts: Facts, span: Span, now: int, parent: str) -> list[Item]:
    if facts.row.name in _BELOW:
        return _BELOW[facts.row.name](world, span, now, parent)
    return _SOURCES[facts.row.name](world, span, now)


def _window(facts: Facts) -> Window:
    if facts.row.window is None:
        msg = f"{facts.row.name} is not read by spans of time"
        raise ValueError(msg)
    return facts.row.window


def told_figures(tenant: Tenant, facts: Facts, now: int) -> Iterator[Item]:
    """Give the truth: the figures of each span that a reader asks for, with the fields that tell which it is."""
    window = _window(facts)
    first, last = _told_from(tenant, facts, now)
    own: dict[str, Any] = {TENANT: int(tenant.id)} if TENANT in facts.row.key else {}
    if not window.fields:
        yield from _figures(tenant.world, facts, Span(first, last), now, "")
        return
    for parent in _parents(tenant, facts, now):
        for span, fields in told_spans(window, first, last):
            for row in _figures(tenant.world, facts, span, now, parent):
                yield row | own | fields


def _told_from(tenant: Tenant, facts: Facts, now: int) -> tuple[int, int]:
    match facts.row.name:
        case "attributed_leads":
            return 0, now
        case "capacities":
            return now // DAY * DAY, (now // DAY + capacity.AHEAD) * DAY
        case "email_channel_costs" | "router_performance" | "scheduler_performance":
            return _SUMS_SINCE, now
        case "campaign_cost_summaries":
            return tenant.world.start - tenant.world.history * DAY, now
    return tenant.world.start - ads.DAYS * DAY, now


def _parents(tenant: Tenant, facts: Facts, now: int) -> list[str]:
    if facts.row.name not in _BELOW:
        return [""]
    return (
        [str(row.shown_id) for row in tenant.world.rows("schedulers", now)]
        if facts.row.name == "scheduler_performance"
        else list(ROUTERS)
    )
