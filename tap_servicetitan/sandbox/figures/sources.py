"""Which figures each endpoint has for a span of time, and all of them that a reader would fetch."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any, TypeAlias

from tap_servicetitan.sandbox.clock import DAY, ticks
from tap_servicetitan.sandbox.directory import ROUTERS
from tap_servicetitan.sandbox.facts import TENANT
from tap_servicetitan.sandbox.figures import ads, capacity, fleet, online, spending
from tap_servicetitan.sandbox.spans import Span, calendar_spans

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from tap_servicetitan.catalog.window import Window
    from tap_servicetitan.sandbox.facts import Facts
    from tap_servicetitan.sandbox.rows import Item
    from tap_servicetitan.sandbox.world import World

Source: TypeAlias = "Callable[[World, Span, int], list[Item]]"
Below: TypeAlias = "Callable[[World, Span, int, str], list[Item]]"

# Sums exist for every span; `all_figures` lists them from this month on.
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
    "fleet_events": functools.partial(fleet.positions, "fleet_events"),
    "fleet_gps": functools.partial(fleet.positions, "fleet_gps"),
    "keyword_performance": functools.partial(ads.performance, 3),
}
_BELOW: Mapping[str, Below] = {"router_performance": online.router, "scheduler_performance": online.scheduler}
FLEET = frozenset({"fleet_events", "fleet_gps"})
OBJECTS = frozenset({"email_channel_costs", *_BELOW})
"""Streams whose body is one object, which is the row."""


def figures_of(world: World, facts: Facts, span: Span, now: int, parent: str) -> list[Item]:
    """Return the rows of an endpoint for a span of time, below a parent where it has one."""
    if facts.row.name in _BELOW:
        return _BELOW[facts.row.name](world, span, now, parent)
    return _SOURCES[facts.row.name](world, span, now)


def window_of(facts: Facts) -> Window:
    """Return how an endpoint is read by spans of time."""
    if facts.row.window is None:
        msg = f"{facts.row.name} is not read by spans of time"
        raise ValueError(msg)
    return facts.row.window


def all_figures(world: World, tenant_id: int, facts: Facts, now: int) -> Iterator[Item]:
    """Yield the rows of each span that a reader fetches, with the fields that name the span."""
    window = window_of(facts)
    first, last = _range(world, facts, now)
    own: dict[str, Any] = {TENANT: tenant_id} if TENANT in facts.row.key else {}
    if not window.fields:
        yield from figures_of(world, facts, Span(first, last), now, "")
        return
    for parent in _parents(world, facts, now):
        for span, fields in calendar_spans(window, first, last):
            for row in figures_of(world, facts, span, now, parent):
                yield row | own | fields


def _range(world: World, facts: Facts, now: int) -> tuple[int, int]:
    if facts.row.name in FLEET:
        return (world.start // DAY - fleet.DAYS) * DAY, now
    match facts.row.name:
        case "attributed_leads":
            return 0, now
        case "capacities":
            return now // DAY * DAY, (now // DAY + capacity.AHEAD) * DAY
        case "email_channel_costs" | "router_performance" | "scheduler_performance":
            return _SUMS_SINCE, now
        case "campaign_cost_summaries":
            return world.start - world.history * DAY, now
    return world.start - ads.DAYS * DAY, now


def _parents(world: World, facts: Facts, now: int) -> list[str]:
    if facts.row.name not in _BELOW:
        return [""]
    if facts.row.name == "scheduler_performance":
        return [str(row.shown_id) for row in world.rows("schedulers", now)]
    return list(ROUTERS)
