"""Changes on demand: alter rows of a stream, or make new ones, right now and nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tap_servicetitan.sandbox.facts import FACTS, TENANT
from tap_servicetitan.sandbox.mirrors import origin_of
from tap_servicetitan.sandbox.rows import Cents

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tap_servicetitan.sandbox.world import Row, World

# A new row of these streams is about a row of another stream that has none yet: the field that names it, and whose.
_ABOUT: Mapping[str, tuple[Mapping[str, str], str]] = {
    "contact_method_preferences": ({"contactId": "contactId", "contactMethodId": "id"}, "contact_methods"),
    "job_booked_logs": ({"jobId": "id"}, "jobs"),
    "job_history": ({"jobId": "id"}, "jobs"),
    "location_rates": ({"locationId": "id"}, "locations"),
    "payroll_settings": ({"employeeId": "id"}, "employees"),
    "technician_ratings": ({"jobId": "id"}, "jobs"),
}
# A new row of these streams comes with a row of another one, which holds the answer to a question that can be asked.
_WITH: Mapping[str, tuple[str, Mapping[str, Any]]] = {
    "locations": ("location_preferred_technicians", {"technicianId": None}),
}
# What a copy must not take over from the row it is made from.
_OWN = ("id", "createdOn", "modifiedOn", "active", "internalId", "externalId")
_NOTHING = Cents(0)
_EMPTY: Mapping[str, Mapping[str, Any]] = {
    "customers": {"balance": _NOTHING, "mergedToId": None},
    "invoices": {"items": [], "balance": _NOTHING, "total": _NOTHING, "subTotal": _NOTHING, "salesTax": _NOTHING},
    "job_history": {"history": []},
    "payments": {"appliedTo": [], "total": _NOTHING, "unappliedAmount": _NOTHING},
    "payroll_settings": {"employeeType": "Employee"},
}
# What tells rows of these streams apart, as they have no id.
_FRESH: Mapping[str, tuple[str, Callable[[int, int], Any]]] = {
    "attributed_leads": ("dateTime", lambda now, count: now - count),
    "capacity_warnings": ("campaignName", lambda _, count: f"Campaign {count + 1}"),
    "fleet_vehicles": ("vin", lambda _, count: f"1FTBW2CM{count:09d}"),
    "opt_outs": ("contactNumber", lambda _, count: f"919555{count:04d}"),
}
# What a row of another stream must be for these to show it.
_SHOWN: Mapping[str, Mapping[str, Any]] = {"job_holds": {"jobStatus": "Hold"}}


def check(stream: str, *, create: int) -> None:
    """Refuse what cannot be touched: its figures are computed from other rows."""
    if stream in FACTS and FACTS[stream].row.kind == "window" and stream != "attributed_leads":
        msg = f"stream {stream} has sums, not rows; touch the rows that they are of"
        raise ValueError(msg)
    if stream == "task_management_data":
        msg = f"stream {stream} is put together from others; touch task_types, task_sources or task_resolutions"
        raise ValueError(msg)
    if create and stream in FACTS and TENANT in FACTS[stream].row.key:
        msg = f"stream {stream} is one row for each tenant; it can be altered, and no other one made"
        raise ValueError(msg)


def make(world: World, stream: str, now: int, born: int) -> list[Row]:
    """Make a row after the model of an older one; return it, and before it the one it is about, if it needs one."""
    for other, (below, _) in _WITH.items():
        if below == stream:
            about = make(world, other, now, born)
            return [*about, world.below(stream, (str(about[-1].id),), now)[-1]]
    shown, stream = stream, origin_of(stream)
    model = next(iter(world.rows(stream, now)), None)
    if model is None:
        msg = f"stream {stream} has no row to make another one from"
        raise ValueError(msg)
    facts = {name: value for name, value in model.state(now).items() if name not in _OWN}
    facts |= {**_EMPTY.get(stream, {}), **_SHOWN.get(shown, {})}
    about = _about(world, stream, facts, now, born)
    if "startedOn" in FACTS[stream].properties:
        facts["startedOn"] = now + len(world.rows(stream, now))
    if stream in _FRESH:
        field, fresh = _FRESH[stream]
        facts[field] = fresh(now, len(world.rows(stream, now)))
    row = world.add(stream, born, facts, on_demand=True)
    for name in ("jobNumber", "referenceNumber"):
        if row.facts.get(name) == str(model.id):
            row.facts[name] = str(row.id)
    if stream in _WITH:
        below, answer = _WITH[stream]
        world.add(below, born, {"locationId": row.id, **answer}, on_demand=True)
    return [*about, row]


def _about(world: World, stream: str, facts: dict[str, Any], now: int, born: int) -> list[Row]:
    if stream not in _ABOUT:
        return []
    fields, other = _ABOUT[stream]
    about = make(world, other, now, born)
    for field, theirs in fields.items():
        facts[field] = about[-1].shown_id if theirs == "id" else about[-1].facts[theirs]
    return about
