"""The rows of each report, from the tenant's own: what is requested twice in disjoint spans is never in both."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from typing import TYPE_CHECKING, Any, TypeAlias

from tap_servicetitan.sandbox.reporting import definitions

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from tap_servicetitan.sandbox.rows import Item
    from tap_servicetitan.sandbox.world import World

Given: TypeAlias = "Mapping[str, Any]"
Table: TypeAlias = "list[list[Any]]"
Source: TypeAlias = "Callable[[World, Given, int], Table]"

_ZONE = dt.timezone(dt.timedelta(hours=-5))
"""The tenant's own time, without summer time."""

_LATE = dt.date(2026, 10, 1)
"""From here on a column that had numbers before has texts as well."""


def _day(stamp: str | None) -> dt.date | None:
    """Return the day in the tenant's time zone that an instant lies in."""
    return dt.datetime.fromisoformat(stamp).astimezone(_ZONE).date() if stamp else None


def _shown(stamp: str | None) -> str | None:
    """Write a day as reports do."""
    day = _day(stamp)
    return f"{day}T00:00:00-05:00" if day else None


def _is_within(stamp: str | None, given: Given) -> bool:
    day = _day(stamp)
    return day is not None and given["From"] <= day.isoformat() <= given["To"]


def _all(world: World, stream: str, now: int) -> Iterator[Item]:
    rows = (world.item(row, now) for row in world.rows(stream, now))
    yield from sorted(rows, key=lambda item: str(item["id"]))


def _names(world: World, stream: str, now: int) -> dict[int, str]:
    return {item["id"]: item["name"] for item in _all(world, stream, now)}


def _jobs(world: World, given: Given, now: int) -> Table:
    units = _names(world, "business_units", now)
    which = {definitions.CREATED: "createdOn", definitions.COMPLETED: "completedOn"}[given["DateType"]]
    return [
        [
            job["id"],
            job["jobNumber"],
            _shown(job["createdOn"]),
            _shown(job["completedOn"]),
            units[job["businessUnitId"]],
            job["jobStatus"],
            job["total"],
            job["noCharge"],
        ]
        for job in _all(world, "jobs", now)
        if _is_within(job[which], given)
        and job["businessUnitId"] in given.get("BusinessUnitIds", units)
        and (given.get("IncludeNoCharge", True) or not job["noCharge"])
    ]


def _revenue(world: World, given: Given, now: int) -> Table:
    units = _names(world, "business_units", now)
    found: dict[str, list[float]] = defaultdict(list)
    for job in _all(world, "jobs", now):
        unit = job["businessUnitId"]
        if _is_within(job["completedOn"], given) and unit in given.get("BusinessUnitIds", units):
            found[units[unit]].append(job["total"] or 0)
    return [[unit, len(totals), round(sum(totals), 2)] for unit, totals in sorted(found.items())]


def _invoices(world: World, given: Given, now: int) -> Table:
    found = [one for one in _all(world, "invoices", now) if _is_within(one["invoiceDate"], given)]
    return [_invoice(one, number) for number, one in enumerate(found)]


def _invoice(invoice: Item, number: int) -> list[Any]:
    is_paid, is_late = invoice["balance"] == "0.00", (_day(invoice["invoiceDate"]) or _LATE) >= _LATE
    return [
        f"INV-{invoice['id']}",
        # A number, as a text.
        invoice["balance"],
        float(invoice["total"]),
        f"${invoice['total']}",
        "Upon Receipt" if is_paid else _shown(invoice["dueDate"]),
        True if is_paid else "Partial",
        number,
        invoice["items"][0]["displayName"] if invoice["items"] else None,
        "01:30:00",
        "n/a" if is_late and is_paid else number % 5,
        None,
    ]


def _receivables(world: World, given: Given, now: int) -> Table:
    found: dict[str, list[float]] = defaultdict(list)
    for invoice in _all(world, "invoices", now):
        dated, paid = _day(invoice["invoiceDate"]), _day(invoice["paidOn"])
        if dated and dated.isoformat() <= given["AsOf"] and (paid is None or paid.isoformat() > given["AsOf"]):
            found[invoice["businessUnit"]["name"]].append(float(invoice["total"]))
    return [[unit, len(totals), round(sum(totals), 2)] for unit, totals in sorted(found.items())]


def _technicians(world: World, given: Given, now: int) -> Table:
    assigned: dict[int, list[str]] = defaultdict(list)
    for one in _all(world, "appointment_assignments", now):
        assigned[one["technicianId"]].append(one["assignedOn"])
    return [
        [
            one["id"],
            one["name"],
            one["email"],
            one["active"],
            len(assigned[one["id"]]),
            _shown(max(assigned[one["id"]], default=None)),
        ]
        for one in _all(world, "technicians", now)
        if one["id"] in given.get("TechnicianIds", [one["id"]])
    ]


SOURCES: Mapping[int, Source] = {
    definitions.JOBS.id: _jobs,
    definitions.REVENUE.id: _revenue,
    definitions.INVOICES.id: _invoices,
    definitions.RECEIVABLES.id: _receivables,
    definitions.TECHNICIANS.id: _technicians,
}

SETS: Mapping[str, str] = {"business-units": "business_units", "technicians": "technicians"}
"""The stream whose rows each set of values lists."""


def values(world: World, which: str, now: int) -> Table:
    """List the values of a set, each with its name."""
    return [[identity, name] for identity, name in _names(world, SETS[which], now).items()]
