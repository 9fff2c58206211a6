"""What all reports share: the tenant's own days, and the tenant's rows in the order of their ids."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any, TypeAlias

from tap_servicetitan.sandbox.clock import SECOND
from tap_servicetitan.sandbox.typed import OFFSET

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from tap_servicetitan.sandbox.rows import Item
    from tap_servicetitan.sandbox.world import World

Given: TypeAlias = "Mapping[str, Any]"
Table: TypeAlias = "list[list[Any]]"
Source: TypeAlias = "Callable[[World, Given, int], Table]"

_ZONE = dt.timezone(dt.timedelta(seconds=OFFSET / SECOND))


def day(stamp: str | None) -> dt.date | None:
    """Return the day in the tenant's time zone that an instant lies in; a midnight of UTC is a date, and that day."""
    if not stamp:
        return None
    moment = dt.datetime.fromisoformat(stamp)
    return moment.date() if moment.time() == dt.time() else moment.astimezone(_ZONE).date()


def shown_day(stamp: str | None) -> str | None:
    """Write a day as reports do."""
    found = day(stamp)
    return f"{found}T00:00:00-05:00" if found else None


def is_within(stamp: str | None, given: Given) -> bool:
    """Return whether an instant lies in the days from ``From`` to ``To``."""
    found = day(stamp)
    return found is not None and given["From"] <= found.isoformat() <= given["To"]


def all_items(world: World, stream: str, now: int) -> Iterator[Item]:
    """Yield all rows of a stream in the order of their ids, if they have some."""
    rows = (world.item(row, now) for row in world.rows(stream, now))
    yield from sorted(rows, key=lambda item: str(item.get("id")))


def names(world: World, stream: str, now: int) -> dict[int, str]:
    """Return the name of each row of a stream by its id."""
    return {item["id"]: item["name"] for item in all_items(world, stream, now)}


def survivors(world: World, now: int) -> dict[int, int]:
    """Return the customer that each one is now: its own id, or where the chain of merges ends."""
    merged = {one["id"]: one["mergedToId"] for one in all_items(world, "customers", now)}
    found = {}
    for customer in merged:
        survivor = customer
        while merged.get(survivor):
            survivor = merged[survivor]
        found[customer] = survivor
    return found
