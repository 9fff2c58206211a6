"""Changes that somebody might make: which field of a row is altered, and to what."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, TypeAlias

from tap_servicetitan.sandbox.clock import iso
from tap_servicetitan.sandbox.directory import id_of
from tap_servicetitan.sandbox.facts import FACTS, Property, type_of
from tap_servicetitan.sandbox.world import Append

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from tap_servicetitan.sandbox.rows import Item
    from tap_servicetitan.sandbox.world import Row, World

Edit: TypeAlias = "Callable[[World, Item, int], dict[str, Any]]"

# The words of a row that somebody may well edit, the likeliest first.
_TEXTS = (
    "memo", "note", "summary", "text", "specialInstructions", "customerPo", "excuseMemo", "invoiceMessage",
    "description", "jobSummary", "defaultMemo", "externalPayrollId", "loginName", "displayName", "name", "fileName",
    "reviewResponse",
)  # fmt: skip
_EDITED = re.compile(r" \(edit \d+\)$")
# What is not edited, as something else decides it.
_TOLD = frozenset({"active", "createdOn", "modifiedOn"})


def edit(world: World, row: Row, now: int, turn: int, stream: str) -> dict[str, Any]:
    """Choose a change that can be seen in a stream that shows the row, and leaves the key alone."""
    if "history" in FACTS[row.stream].properties:
        event = {"id": id_of("job_history.edits", turn), "eventType": "Job Edited", "date": now, "employeeId": None}
        return {"history": Append(event)}
    before = world.item(row, now)
    if special := _SPECIAL.get(stream):
        return special(world, before, turn)
    return next(_possible(row.stream, before, now, turn))


def _possible(stream: str, before: Item, now: int, turn: int) -> Iterator[dict[str, Any]]:
    facts = FACTS[stream]
    fixed = {*facts.row.key} if "_line" in facts.row.key else {*facts.key}
    fields = {name: field for name, field in facts.properties.items() if name not in fixed}
    for name in _TEXTS:
        if name in fields:
            yield {name: _edited(before[name], turn)}
    plain = {name: field for name, field in fields.items() if name not in _TOLD}
    for name in _of(plain, "number", ""):
        yield {name: (before[name] or 0.0) + 1.0}
    for name in _of(plain, "boolean", ""):
        yield {name: not before[name]}
    for name in _of(plain, "integer", "int32"):
        yield {name: (before[name] or 0) + 1}
    for name, field in plain.items():
        if others := [one for one in field.get("enum", ()) if one != before[name]]:
            yield {name: others[turn % len(others)]}
    # A stamp is better changed than nothing.
    for name in _of(fields, "string", "date-time"):
        yield {name: iso(now)}


def _edited(text: str | None, turn: int) -> str:
    return f"{_EDITED.sub('', text or '')} (edit {turn})".strip()


def _of(fields: Mapping[str, Property], kind: str, form: str) -> Iterator[str]:
    return (name for name, field in fields.items() if type_of(field) == kind and form in {"", field.get("format")})


def _technician(world: World, before: Item, turn: int) -> dict[str, Any]:
    others = (world.directory.pick("technicians", turn + step) for step in range(2))
    return {"technicianId": next(one for one in others if one != before["technicianId"])}


def _exception(_: World, before: Item, turn: int) -> dict[str, Any]:
    return {"exceptions": [one | {"value": one["value"] + turn} for one in before["exceptions"]]}


_SPECIAL: Mapping[str, Edit] = {
    "arrival_windows": lambda _, __, turn: {"duration": f"04:{turn % 60:02d}:00"},
    "attributed_leads": lambda _, lead, turn: {"attribution": lead["attribution"] | {"utmMedium": f"edit {turn}"}},
    "business_hours": lambda _, __, turn: {"saturday": [{"fromHour": 9, "toHour": 10 + turn % 12}]},
    "client_specific_pricing": _exception,
    "contact_method_preferences": lambda _, wish, turn: {"value": _edited(wish["value"], turn)},
    "intacct_business_unit_mappings": lambda _, unit, turn: {"name": _edited(unit["name"], turn)},
    "job_holds": lambda _, __, turn: {"_held": f"Will call when it is settled (edit {turn})"},
    "location_preferred_technicians": _technician,
    "well_known_gl_accounts": lambda world, _, turn: {
        "uncategorizedExpenseAccountId": world.directory.pick("gl_accounts", turn)
    },
}
