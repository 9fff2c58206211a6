"""The rows of the reports that somebody has built: what is requested twice in disjoint spans is never in both."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from typing import TYPE_CHECKING, Any

from tap_servicetitan.sandbox.reporting import definitions
from tap_servicetitan.sandbox.reporting.reading import all_items, day, is_within, names, shown_day

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tap_servicetitan.sandbox.reporting.reading import Given, Source, Table
    from tap_servicetitan.sandbox.rows import Item
    from tap_servicetitan.sandbox.world import World

_LATE = dt.date(2026, 10, 1)
"""From here on a column that had numbers before has texts as well."""


def _jobs(world: World, given: Given, now: int) -> Table:
    units = names(world, "business_units", now)
    which = {definitions.CREATED: "createdOn", definitions.COMPLETED: "completedOn"}[given["DateType"]]
    return [
        [
            job["id"],
            job["jobNumber"],
            shown_day(job["createdOn"]),
            shown_day(job["completedOn"]),
            units[job["businessUnitId"]],
            job["jobStatus"],
            job["total"],
            job["noCharge"],
        ]
        for job in all_items(world, "jobs", now)
        if is_within(job[which], given)
        and job["businessUnitId"] in given.get("BusinessUnitIds", units)
        and (given.get("IncludeNoCharge", True) or not job["noCharge"])
    ]


def _revenue(world: World, given: Given, now: int) -> Table:
    units = names(world, "business_units", now)
    found: dict[str, list[float]] = defaultdict(list)
    for job in all_items(world, "jobs", now):
        unit = job["businessUnitId"]
        if is_within(job["completedOn"], given) and unit in given.get("BusinessUnitIds", units):
            found[units[unit]].append(job["total"] or 0)
    return [[unit, len(totals), round(sum(totals), 2)] for unit, totals in sorted(found.items())]


def _invoices(world: World, given: Given, now: int) -> Table:
    found = [one for one in all_items(world, "invoices", now) if is_within(one["invoiceDate"], given)]
    return [_invoice(one, number) for number, one in enumerate(found)]


def _invoice(invoice: Item, number: int) -> list[Any]:
    is_paid, is_late = invoice["balance"] == "0.00", (day(invoice["invoiceDate"]) or _LATE) >= _LATE
    return [
        f"INV-{invoice['id']}",
        # A number, as a text.
        invoice["balance"],
        float(invoice["total"]),
        f"${invoice['total']}",
        "Upon Receipt" if is_paid else shown_day(invoice["dueDate"]),
        True if is_paid else "Partial",
        number,
        invoice["items"][0]["displayName"] if invoice["items"] else None,
        "01:30:00",
        "n/a" if is_late and is_paid else number % 5,
        None,
    ]


def _receivables(world: World, given: Given, now: int) -> Table:
    found: dict[str, list[float]] = defaultdict(list)
    for invoice in all_items(world, "invoices", now):
        dated, paid = day(invoice["invoiceDate"]), day(invoice["paidOn"])
        if dated and dated.isoformat() <= given["AsOf"] and (paid is None or paid.isoformat() > given["AsOf"]):
            found[invoice["businessUnit"]["name"]].append(float(invoice["total"]))
    return [[unit, len(totals), round(sum(totals), 2)] for unit, totals in sorted(found.items())]


def _technicians(world: World, given: Given, now: int) -> Table:
    assigned: dict[int, list[str]] = defaultdict(list)
    for one in all_items(world, "appointment_assignments", now):
        assigned[one["technicianId"]].append(one["assignedOn"])
    return [
        [
            one["id"],
            one["name"],
            one["email"],
            one["active"],
            len(assigned[one["id"]]),
            shown_day(max(assigned[one["id"]], default=None)),
        ]
        for one in all_items(world, "technicians", now)
        if one["id"] in given.get("TechnicianIds", [one["id"]])
    ]


CUSTOM: Mapping[int, Source] = {
    definitions.JOBS.id: _jobs,
    definitions.REVENUE.id: _revenue,
    definitions.INVOICES.id: _invoices,
    definitions.RECEIVABLES.id: _receivables,
    definitions.TECHNICIANS.id: _technicians,
}
