"""Changes on demand: alter rows of a stream, or make new ones, right now and nothing else."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from tap_servicetitan.sandbox.clock import iso
from tap_servicetitan.sandbox.directory import id_of
from tap_servicetitan.sandbox.facts import FACTS, Property, type_of
from tap_servicetitan.sandbox.rows import Cents
from tap_servicetitan.sandbox.world import Append

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tap_servicetitan.sandbox.world import Row, World

# The words of a row that somebody may well edit, the likeliest first.
_TEXTS = (
    "memo", "note", "summary", "text", "specialInstructions", "customerPo", "excuseMemo", "invoiceMessage",
    "description", "jobSummary", "defaultMemo", "externalPayrollId", "loginName", "displayName", "name",
)  # fmt: skip
_EDITED = re.compile(r" \(edit \d+\)$")
# A new row of these streams is about a row of another stream that has none yet.
_ABOUT: Mapping[str, tuple[str, str]] = {
    "job_history": ("jobId", "jobs"),
    "payroll_settings": ("employeeId", "employees"),
    "technician_ratings": ("jobId", "jobs"),
}
# What a copy must not take over from the row it is made from.
_OWN = ("id", "createdOn", "modifiedOn", "active")
_NOTHING = Cents(0)
_EMPTY: Mapping[str, Mapping[str, Any]] = {
    "customers": {"balance": _NOTHING, "mergedToId": None},
    "invoices": {"items": [], "balance": _NOTHING, "total": _NOTHING, "subTotal": _NOTHING, "salesTax": _NOTHING},
    "job_history": {"history": []},
    "payments": {"appliedTo": [], "total": _NOTHING, "unappliedAmount": _NOTHING},
    "payroll_settings": {"employeeType": "Employee"},
}


def alter(world: World, row: Row, now: int, turn: int, given: Mapping[str, Any] | None = None) -> None:
    """Change a row visibly, or in the way that is given."""
    if not given and "history" in FACTS[row.stream].properties:
        event = {"id": id_of("job_history.edits", turn), "eventType": "Job Edited", "date": now, "employeeId": None}
        given = {"history": Append(event)}
    world.change(row, now, given or _edit(world, row, now, turn))


def _edit(world: World, row: Row, now: int, turn: int) -> dict[str, Any]:
    properties = FACTS[row.stream].properties
    before = world.item(row, now)
    if text := next((name for name in _TEXTS if name in properties), None):
        return {text: f"{_EDITED.sub('', before[text] or '')} (edit {turn})".strip()}
    name = _plain(properties, "number") or _plain(properties, "boolean")
    if name is None:
        return {next(one for one, facts in properties.items() if facts.get("format") == "date-time"): iso(now)}
    return {name: before[name] + 1.0 if type_of(properties[name]) == "number" else not before[name]}


def _plain(properties: Mapping[str, Property], kind: str) -> str | None:
    return next((name for name, facts in properties.items() if type_of(facts) == kind and name != "active"), None)


def make(world: World, stream: str, now: int) -> list[Row]:
    """Make a row after the model of an older one; give it, and before it the one it is about, if it needs one."""
    model = next(iter(world.rows(stream, now)), None)
    if model is None:
        msg = f"stream {stream} has no row to make another one from"
        raise ValueError(msg)
    about, facts = [], {name: value for name, value in model.state(now).items() if name not in _OWN}
    facts |= _EMPTY.get(stream, {})
    if stream in _ABOUT:
        field, other = _ABOUT[stream]
        about = make(world, other, now)
        facts[field] = about[-1].id
    if "startedOn" in FACTS[stream].properties:
        facts["startedOn"] = now + len(world.rows(stream, now))
    row = world.add(stream, now, facts, on_demand=True)
    for name in ("jobNumber", "referenceNumber"):
        if row.facts.get(name) == str(model.id):
            row.facts[name] = str(row.id)
    return [*about, row]
