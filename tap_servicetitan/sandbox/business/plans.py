"""What is planned: the items of estimates and how these fare, and how projects are broken down."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tap_servicetitan.sandbox.business.segments import BUDGET, SEGMENTS, budget_code, segment_items
from tap_servicetitan.sandbox.clock import DAY, HOUR
from tap_servicetitan.sandbox.directory import id_of
from tap_servicetitan.sandbox.draw import mix

if TYPE_CHECKING:
    from tap_servicetitan.sandbox.world import Row, World

_DROPPED_ONCE_IN = 11


def items(world: World, row: Row) -> None:
    """Show the items of an estimate in the list of their own."""
    for item in row.facts["items"]:
        listed = world.add("estimate_items", row.created, {name: item[name] for name in item if name != "modifiedOn"})
        if listed.number % _DROPPED_ONCE_IN == 3:  # noqa: PLR2004 - a rate
            # The list has a filter for it, and does not tell.
            world.change(listed, row.created + 2 * HOUR, {"active": False})
        elif listed.number % 5 == 0:
            world.change(listed, row.created + DAY + listed.seed % (20 * DAY), {"chargeable": True})


def status_changes(world: World, row: Row) -> None:
    """Log each change of an estimate's status."""
    before = None
    for at, changes in [(row.created, row.facts), *row.steps]:
        if "status" in changes:
            after = changes["status"]["name"]
            user = world.directory.user(mix(row.seed, at))
            facts = {"oldStatus": before, "newStatus": after, "createdById": user, "estimateId": row.id}
            world.add("estimate_status_changes", at, facts)
            before = after


def break_down(world: World, row: Row) -> None:
    """Return two projects in three the segments and budget codes of the tenant that they need."""
    if row.number % 3 == 1:
        return
    under: dict[str, Any] = {"projectId": row.id}
    for number, segment in enumerate(SEGMENTS[: 1 + row.number % len(SEGMENTS)]):
        identity = id_of("wbs_segments", number)
        world.add("wbs_project_segments", row.created + HOUR, under | segment | {"id": identity})
        for item in segment_items(number):
            if mix(row.seed, item["id"]) % 3 or item["parentId"] is None:
                world.add("wbs_project_segment_items", row.created + HOUR, under | {"segmentId": identity} | item)
    for number in range(row.number % (len(BUDGET) + 1)):
        code = {"id": id_of("wbs_budget_codes", number)} | budget_code(number)
        world.add("wbs_project_budget_codes", row.created + DAY, under | code)
