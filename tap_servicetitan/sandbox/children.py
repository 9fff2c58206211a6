"""Answering the endpoints below a row of another stream: the row is looked up first."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

from tap_servicetitan.sandbox.answers import RefusalError, answer
from tap_servicetitan.sandbox.directory import ROUTERS
from tap_servicetitan.sandbox.facts import FACTS
from tap_servicetitan.sandbox.faults import WITHOUT_PAGES
from tap_servicetitan.sandbox.lists import page_of
from tap_servicetitan.sandbox.mirrors import BY_ID, MIRRORS, shown_item, shown_rows

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from starlette.responses import Response

    from tap_servicetitan.sandbox.answers import Asked
    from tap_servicetitan.sandbox.facts import Facts
    from tap_servicetitan.sandbox.rows import Item
    from tap_servicetitan.sandbox.tenant import Tenant
    from tap_servicetitan.sandbox.world import Row, World

Key: TypeAlias = "tuple[str, ...]"

# Bodies that are one object, which is the row; 404 where there is none.
_OBJECTS = frozenset({"job_booked_logs", *BY_ID})
_BARE = frozenset({"location_preferred_technicians"})
# Streams that refuse to be read below a parent that is not active any more.
_ONLY_ACTIVE = frozenset({"customer_notes"})
NOT_FOUND = "Resource not found"


def child_page(tenant: Tenant, facts: Facts, asked: Asked) -> Response:
    """Give what stands below a row."""
    now = tenant.catch_up()
    stream = facts.row.name
    if facts.row.ids:
        return page_of(tenant, facts, asked, tenant.in_order(stream, now), now)
    key = tuple(asked.path[name] for name in facts.row.placeholders)
    parent = parent_of(tenant.world, facts, asked.path, now)
    if parent and stream in _ONLY_ACTIVE and not _active(parent, now):
        raise RefusalError(409, "The customer is not active.")
    rows = [parent] if parent and stream in MIRRORS else tenant.world.below(stream, key, now)
    if stream in _OBJECTS or stream in _BARE:
        return _one(tenant, facts, rows, now)
    return page_of(tenant, facts, asked, rows, now)


def _one(tenant: Tenant, facts: Facts, rows: list[Row], now: int) -> Response:
    bare = facts.row.name in _BARE
    if not rows and not bare:
        raise RefusalError(404, NOT_FOUND)
    item: Any = shown_item(tenant.world, facts.row.name, rows[0], now) if rows else None
    if bare:
        return answer(item and item["technicianId"])
    fault = tenant.faults.take(WITHOUT_PAGES, facts.row.name)
    return answer(item | dict(fault.fields) if fault else item)


def _active(row: Row, now: int) -> bool:
    return row.state(now).get("active", True) is True


def parent_of(world: World, facts: Facts, path: Mapping[str, str], now: int) -> Row | None:
    """Find the row that an address names, unless it is a router; refuse what is not there."""
    known = FACTS.get(facts.row.parent or "")
    named = {field: path[placeholder] for placeholder, field in facts.row.links.items()}
    if known is None:
        if not named.items() & {("id", router) for router in ROUTERS}:
            raise RefusalError(404, NOT_FOUND)
        return None
    row = world.find(known.row.name, tuple(named[name] for name in known.row.key), now)
    if row is None or any(field != "id" and str(row.facts.get(field)) != value for field, value in named.items()):
        raise RefusalError(404, NOT_FOUND)
    return row


def told_rows(world: World, facts: Facts, now: int) -> Iterable[Row]:
    """Give all rows of a stream of children that its endpoint would show below some parent."""
    for row in shown_rows(world, facts.row.name, now):
        if facts.row.name not in _ONLY_ACTIVE:
            yield row
        else:
            parent = world.find(facts.row.parent or "", (str(row.facts["customerId"]),), now)
            if parent and _active(parent, now):
                yield row


def told(facts: Facts, row: Row, item: Item) -> Item:
    """Add to a row what the reader knows of its parent."""
    return item | {name: row.facts.get(name, item.get(name)) for name in facts.row.placeholders}
