"""How work is broken down: segments, their items, and the budget codes made from them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tap_servicetitan.sandbox.catalogue import NAMES
from tap_servicetitan.sandbox.directory import id_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tap_servicetitan.sandbox.world import World

SEGMENTS: Sequence[dict[str, Any]] = (
    {"name": "Cost Code", "type": "CostCode", "structure": "Hierarchal", "isActive": True, "isRequired": True},
    {"name": "Cost Type", "type": "CostType", "structure": "Flat", "isActive": True, "isRequired": True},
    {"name": "Phase", "type": "Custom", "structure": "Flat", "isActive": False, "isRequired": False},
)
# The items of each segment, as code, description and parent's place.
_ITEMS: Sequence[Sequence[tuple[str, str, int | None]]] = (
    (
        ("01", "General", None),
        ("22", "Plumbing", None),
        ("22-10", "Piping", 1),
        ("22-40", "Fixtures", 1),
        ("22-40-1", "Sinks", 3),
        ("23", "HVAC", None),
        ("23-30", "Ductwork", 5),
    ),
    (("L", "Labor", None), ("M", "Material", None), ("E", "Equipment", None)),
    (("R", "Rough-in", None), ("T", "Trim", None)),
)
_CATEGORIES = ("Labor", "Material", "Equipment")
_HIDDEN = 4
BUDGET = NAMES["wbs_budget_codes"]


def segment_items(segment: int) -> list[dict[str, Any]]:
    """Describe the items of a segment, those of a parent after it."""
    items: list[dict[str, Any]] = []
    for place, (code, description, parent) in enumerate(_ITEMS[segment]):
        above = None if parent is None else items[parent]
        items.append(
            {
                "id": id_of("wbs_segment_items", segment * 100 + place),
                "parentId": above and above["id"],
                "code": code,
                "description": description,
                "path": f"{above['path']}/{code}" if above else code,
                "costCategory": _CATEGORIES[place % 3] if segment == 1 else None,
                "isActive": place != _HIDDEN,
            }
        )
    return items


def budget_code(number: int) -> dict[str, Any]:
    """Describe a budget code: an item of the first segment with one of the second."""
    code, _, description = BUDGET[number].partition(" ")
    parts = [(0, segment_items(0)[number + 1]), (1, segment_items(1)[number])]
    return {
        "code": code,
        "description": description,
        "segments": [
            {"segmentId": id_of("wbs_segments", segment), "segmentItemId": item["id"]}
            | {name: item[name] for name in ("code", "description", "path")}
            for segment, item in parts
        ],
    }


def open_segments(world: World, at: int) -> None:
    """Make the tenant's segments with their items."""
    for number, segment in enumerate(SEGMENTS):
        row = world.add("wbs_segments", at, dict(segment))
        for item in segment_items(number):
            world.add("wbs_segment_items", at, item | {"segmentId": row.id})
