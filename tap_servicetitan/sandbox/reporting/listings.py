"""The rows of ServiceTitan's own reports that are no dashboards: jobs, labor, memberships."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

from tap_servicetitan.sandbox.clock import iso
from tap_servicetitan.sandbox.reporting.metrics import between, by_job, completed_jobs
from tap_servicetitan.sandbox.reporting.reading import all_items, is_within, names, shown_day, survivors

if TYPE_CHECKING:
    from tap_servicetitan.sandbox.reporting.reading import Given, Table
    from tap_servicetitan.sandbox.rows import Item
    from tap_servicetitan.sandbox.world import Row, World

_ENDINGS = ("Suspended", "Canceled", "Expired", "Deleted")
_HOURS = ("Regular", "Overtime", "DoubleOvertime")


def call_takers(world: World, given: Given, now: int) -> Table:
    """Return the completed jobs, with who booked each."""
    jobs = completed_jobs(world, given, now)
    ids = {one.job["id"] for one in jobs}
    logs, sheets, pay = (
        by_job(world, name, ids, now) for name in ("job_booked_logs", "job_timesheets", "gross_pay_items")
    )
    people = [one for stream in ("employees", "technicians") for one in all_items(world, stream, now)]
    users, kinds = {one["userId"]: one["name"] for one in people}, names(world, "job_types", now)
    customers = survivors(world, now)
    table: Table = []
    for job in (one.job for one in jobs):
        campaign, call = (
            _item(world, "campaigns", job["campaignId"], now),
            _item(world, "calls", job["leadCallId"], now),
        )
        row: list[Any] = [
            next((users.get(log["createdById"]) for log in logs[job["id"]]), None),
            job["jobNumber"],
            str(job["invoiceId"]),
            kinds[job["jobTypeId"]],
            _item(world, "customers", customers.get(job["customerId"]), now).get("name"),
            _item(world, "locations", job["locationId"], now).get("address", {}).get("street"),
            call.get("from"),
            job["summary"],
            shown_day(min((sheet["dispatchedOn"] for sheet in sheets[job["id"]]), default=None)),
            job["jobStatus"],
            campaign.get("name"),
            job["total"],
            (campaign.get("category") or {}).get("name"),
            any(one["isPrevailingWageJob"] for one in pay[job["id"]]),
        ]
        table.append(row)
    return table


def labor_cost(world: World, given: Given, now: int) -> Table:
    """Return what was paid for time, by employee and day."""
    people = {one["id"]: one for stream in ("employees", "technicians") for one in all_items(world, stream, now)}
    units = names(world, "business_units", now)
    wanted = {units[unit] for unit in given.get("BusinessUnitIds", units)}
    return [
        _paid(one, people[one["employeeId"]])
        for one in (world.item(row, now) for row in between(world, "gross_pay_items", "date", given, now))
        if one["grossPayItemType"] == "TimesheetTime"
        and one["businessUnitName"] in wanted
        and given.get("TechnicianId", one["employeeId"]) == one["employeeId"]
    ]


def _paid(item: Item, employee: Item) -> list[Any]:
    hours = item["paidDurationHours"] or 0.0
    return [
        employee["name"],
        item["activity"],
        shown_day(item["date"]),
        item["invoiceNumber"],
        item["businessUnitName"],
        hours,
        *(hours if item["paidTimeType"] == kind else 0.0 for kind in _HOURS),
        item["amount"],
        *(item[name] for name in ("customerName", "projectNumber", "zoneName", "taxZoneName", "locationZip")),
        *(item[name] for name in ("locationName", "locationAddress", "laborTypeCode")),
    ]


def membership_movement(world: World, given: Given, now: int) -> Table:
    """Return how many memberships of each type began, ended and went on in the span."""
    moved: dict[int, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for row in world.rows("memberships", now):
        unit = row.state(now)["businessUnitId"]
        if unit in given.get("BusinessUnitIds", [unit]):
            for what in _moves(row, given, now):
                moved[row.facts["membershipTypeId"]][what] += 1
    columns = (*_ENDINGS, "Renewed", "Reactivated", "NewSales", "ActiveAtEnd")
    return [
        [name, *(moved[kind][column] for column in columns)]
        for kind, name in names(world, "membership_types", now).items()
    ]


def _moves(row: Row, given: Given, now: int) -> list[str]:
    found: list[str] = []
    status: str | None = None
    for number, (at, changes) in enumerate(row.steps):
        if at > now or (shown_day(iso(at)) or "") > f"{given['To']}T99":
            break
        before, status = status, changes.get("status", status or row.facts["status"])
        if not is_within(iso(at), given):
            continue
        if number == 0:
            found.append("NewSales")
        elif "status" in changes:
            found.append("Reactivated" if status == "Active" and before != "Active" else str(status))
        elif "to" in changes:
            found.append("Renewed")
    return [*found, "ActiveAtEnd"] if status == "Active" else found


def _item(world: World, stream: str, identity: int | None, now: int) -> Item:
    row = None if identity is None else world.by_id(stream, identity, now)
    return world.item(row, now) if row else {}
