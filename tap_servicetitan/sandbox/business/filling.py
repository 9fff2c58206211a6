"""Rows for streams that the business does not speak of: from their facts alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tap_servicetitan.sandbox.clock import HOUR
from tap_servicetitan.sandbox.directory import ROUTERS
from tap_servicetitan.sandbox.draw import mix
from tap_servicetitan.sandbox.facts import FACTS, TENANT
from tap_servicetitan.sandbox.mirrors import MIRRORS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tap_servicetitan.sandbox.facts import Facts
    from tap_servicetitan.sandbox.world import World

_MOST_BELOW = 4


def fill(world: World, scale: float, began: int) -> None:
    """Return every stream rows that has none, those of parents first."""
    for stream, facts in FACTS.items():
        if world.born(stream) or stream in MIRRORS or facts.row.kind in {"child", "window"}:
            continue
        count = 1 if TENANT in facts.row.key else max(5, round(100 * scale))
        for number in range(count):
            world.add(stream, began + number // 3 * HOUR, {})
    for stream, facts in FACTS.items():
        if facts.row.kind == "child" and not world.born(stream) and stream not in MIRRORS:
            for at, parent in _parents(world, facts):
                for number in range(mix(world.seed, at + len(stream)) % _MOST_BELOW):
                    world.add(stream, at + number * HOUR, dict(parent))


def _parents(world: World, facts: Facts) -> Iterator[tuple[int, Mapping[str, object]]]:
    if facts.row.parent not in FACTS:
        for number, router in enumerate(ROUTERS):
            yield number * HOUR, dict.fromkeys(facts.row.placeholders, router)
        return
    for row in world.born(facts.row.parent or ""):
        known = row.facts | {"id": row.shown_id}
        if known.keys() >= {*facts.row.links.values()}:
            yield row.created, {one: known[field] for one, field in facts.row.links.items()}
