"""What work pays: time on the clock, splits of a job, items of gross pay, adjustments."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tap_servicetitan.sandbox.business.crew import payroll_id
from tap_servicetitan.sandbox.business.shop import Job, Shop, Visit, money
from tap_servicetitan.sandbox.catalogue import NAMES
from tap_servicetitan.sandbox.clock import DAY, HOUR, MINUTE
from tap_servicetitan.sandbox.directory import id_of

if TYPE_CHECKING:
    from tap_servicetitan.sandbox.business.billing import Invoice

_HOURLY = 2_800
_COMMISSION = 0.06


def clock_in(shop: Shop, job: Job, technician: int, visit: Visit) -> None:
    """Put a technician on the clock for a visit."""
    begin, end = visit.arrived, visit.done
    facts = {
        "employeeId": id_of("technicians", technician),
        "employeeType": "Technician",
        "activityTypeId": id_of("activity_types", 0),
        "jobId": job.row.id,
        "appointmentId": visit.appointment.id,
        "projectId": None,
        "startTime": begin,
        "endTime": None,
    }
    activity = shop.world.add("activities", begin, facts)
    shop.world.change(activity, end, {"endTime": end})
    hours = round((end - begin) / HOUR, 2)
    pay = _paid(shop, job, technician, end) | {
        "grossPayItemType": "TimesheetTime",
        "amount": money(hours * _HOURLY),
        "startedOn": begin,
        "endedOn": end,
        "paidDurationHours": hours,
        "paidTimeType": "Regular",
        "sourceEntityId": activity.id,
        "activity": "Working",
        "activityCodeId": id_of("activity_codes", 0),
    }
    _enter(shop, job, pay, end + MINUTE)


def pay(shop: Shop, job: Job, invoice: Invoice, at: int) -> None:
    """Share out a completed job among its crew."""
    for technician in job.technicians:
        split = {"technicianId": id_of("technicians", technician), "split": 100.0 / len(job.technicians)}
        shop.world.add("job_splits", at, job.refers | split)
    if job.every(3, 2):
        technician = job.technicians[0]
        bonus = _paid(shop, job, technician, at) | {
            "grossPayItemType": "InvoiceRelatedBonus",
            "amount": money(invoice.subtotal * _COMMISSION),
            "invoiceId": invoice.row.id,
            "invoiceNumber": invoice.row.facts["referenceNumber"],
            "invoiceItemId": invoice.items[0],
            "activityCodeId": id_of("activity_codes", 3),
        }
        _enter(shop, job, bonus, at + MINUTE)
    if job.every(20, 13):
        adjustment = {
            "employeeType": "Technician",
            "employeeId": id_of("technicians", job.technicians[0]),
            "amount": money(2_500),
            "postedOn": at,
            "invoiceId": invoice.row.id,
        }
        row = shop.world.add("payroll_adjustments", at + HOUR, adjustment)
        # The vendor reads an adjustment by id and employee type: an employee's may have the same id.
        office = {"employeeType": "Employee", "employeeId": shop.world.directory.pick("employees", job.number)}
        shop.world.add("payroll_adjustments", at + HOUR, adjustment | office | {"id": row.id})


def _paid(shop: Shop, job: Job, technician: int, at: int) -> dict[str, Any]:
    name = job.client.name
    return {
        "payrollId": payroll_id(shop.world, technician, at),
        "employeeId": id_of("technicians", technician),
        "employeeType": "Technician",
        "employeePayrollId": f"P{technician + 100}",
        "date": at // DAY * DAY,
        "jobId": job.row.id,
        "jobNumber": str(job.row.id),
        "businessUnitName": NAMES["business_units"][job.unit],
        "payoutBusinessUnitName": NAMES["business_units"][job.unit],
        "amountAdjustment": money(0),
        "customerId": job.client.row.id,
        "customerName": name,
        "locationId": job.location.id,
        "locationName": name,
        "locationAddress": job.location.facts["address"]["street"],
        "locationZip": job.location.facts["address"]["zip"],
        "startedOn": None,
        "endedOn": None,
        "paidDurationHours": None,
        "paidTimeType": None,
        "sourceEntityId": None,
        "invoiceId": None,
        "invoiceNumber": None,
        "invoiceItemId": None,
        "projectId": None,
        "projectNumber": None,
        "zoneName": NAMES["zones"][job.number % len(NAMES["zones"])],
        "taxZoneName": NAMES["tax_zones"][0],
    }


def _enter(shop: Shop, job: Job, item: dict[str, Any], at: int) -> None:
    if job.every(6, 2):
        # The vendor declares this id nullable; the other fields tell such items apart.
        item["id"] = None
    row = shop.world.add("gross_pay_items", at, item)
    if job.every(15, 4):
        shop.world.change(row, at + job.rng.randrange(HOUR, 3 * DAY), {"amountAdjustment": money(1_000)})
