"""Rows that belong to a row of another stream: finding the parent, and which children can be seen below one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tap_servicetitan.sandbox.directory import ROUTERS
from tap_servicetitan.sandbox.facts import FACTS
from tap_servicetitan.sandbox.mirrors import shown_rows
from tap_servicetitan.sandbox.responses import HttpError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from tap_servicetitan.sandbox.facts import Facts
    from tap_servicetitan.sandbox.rows import Item
    from tap_servicetitan.sandbox.world import Row, World

# Streams that refuse to be read below a parent that is not active any more.
_ONLY_ACTIVE = frozenset({"customer_notes"})
NOT_FOUND = "Resource not found"


def parent_of(world: World, facts: Facts, path: Mapping[str, str], now: int) -> Row | None:
    """Find the row that an address names, unless it is a router; refuse what is not there."""
    known = FACTS.get(facts.row.parent or "")
    named = {field: path[placeholder] for placeholder, field in facts.row.links.items()}
    if known is None:
        if not named.items() & {("id", router) for router in ROUTERS}:
            raise HttpError(404, NOT_FOUND)
        return None
    row = world.find(known.row.name, tuple(named[name] for name in known.row.key), now)
    if row is None or any(field != "id" and str(row.facts.get(field)) != value for field, value in named.items()):
        raise HttpError(404, NOT_FOUND)
    return row


def refuses_children(facts: Facts, parent: Row, now: int) -> bool:
    """Return whether a stream of children refuses to be read below a parent because the parent is inactive."""
    return facts.row.name in _ONLY_ACTIVE and parent.state(now).get("active", True) is not True


def visible_children(world: World, facts: Facts, now: int) -> Iterable[Row]:
    """Yield all rows of a stream of children that its endpoint would return below some parent."""
    for row in shown_rows(world, facts.row.name, now):
        if facts.row.name not in _ONLY_ACTIVE:
            yield row
        else:
            parent = world.find(facts.row.parent or "", (str(row.facts["customerId"]),), now)
            if parent and not refuses_children(facts, parent, now):
                yield row


def with_parent_keys(facts: Facts, row: Row, item: Item) -> Item:
    """Add the parent's keys to a row, as a reader does that knows which parent it read."""
    return item | {name: row.facts.get(name, item.get(name)) for name in facts.row.placeholders}
