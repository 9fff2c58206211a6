"""The visits of a job: appointments, who goes there, and what becomes of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tap_servicetitan.sandbox.business import payroll
from tap_servicetitan.sandbox.business.completion import complete
from tap_servicetitan.sandbox.business.history import event
from tap_servicetitan.sandbox.business.shop import Job, Shop, Visit
from tap_servicetitan.sandbox.clock import DAY, HOUR, MINUTE, SECOND
from tap_servicetitan.sandbox.directory import id_of

if TYPE_CHECKING:
    from random import Random

    from tap_servicetitan.sandbox.world import Row

# Hours of the day in UTC at which a visit may begin: eight to five in North Carolina.
_FIRST_SLOT, _LAST_SLOT = 12, 22
_GIVEN_UP_AFTER = 120 * DAY
# 1970-01-01 was a Thursday.
_SUNDAY = 3


def visit(shop: Shop, job: Job) -> None:
    """Plan the visits of a job, and follow each to its end."""
    rng = job.rng
    start = _slot(job.booked, rng)
    visits = 2 if job.every(6, 1) else 1
    first = _appointment(shop, job, 1, job.booked, start)
    job.row.facts |= {"firstAppointmentId": first.id, "lastAppointmentId": first.id}
    if job.every(12, 3):
        _cancel(shop, job, first, job.booked + rng.randrange(10 * MINUTE, max(start - job.booked, HOUR)))
        return
    if job.every(30, 22):
        _hold(shop, job, first, start)
        return
    _work(shop, job, first, start)
    if visits > 1:
        made = job.ends
        again = _slot(made, rng)
        second = _appointment(shop, job, visits, made, again)
        held = {"jobStatus": "Hold", "appointmentCount": visits, "lastAppointmentId": second.id}
        shop.world.change(job.row, made, held)
        _work(shop, job, second, again)
    complete(shop, job)


def _slot(after: int, rng: Random) -> int:
    """Find a free hour of a working day."""
    slot = (after // DAY + rng.choice((0, 0, 0, 1, 1, 2, 3, 4))) * DAY + rng.randrange(_FIRST_SLOT, _LAST_SLOT) * HOUR
    slot = slot if slot > after + HOUR else slot + DAY
    # Most of what falls on a Sunday can wait until Monday.
    return slot + DAY if slot // DAY % 7 == _SUNDAY and rng.randrange(4) else slot


def _appointment(shop: Shop, job: Job, visit: int, made: int, begin: int) -> Row:
    facts = {
        "jobId": job.row.id,
        "customerId": job.client.row.id,
        "appointmentNumber": f"{job.row.id}-{visit}",
        "start": begin,
        "end": begin + 2 * HOUR,
        "arrivalWindowStart": begin,
        "arrivalWindowEnd": begin + 4 * HOUR,
        "status": "Scheduled",
        "unused": False,
        "appointmentSummaries": [],
    }
    row = shop.world.add("appointments", made, facts)
    if job.every(4, 2) and made + HOUR < begin:
        shop.world.change(row, made + HOUR // 2 + job.rng.randrange(HOUR // 3), {"isConfirmed": True})
    return row


def _cancel(shop: Shop, job: Job, appointment: Row, at: int) -> None:
    for row, status in ((job.row, {"jobStatus": "Canceled"}), (appointment, {"status": "Canceled", "active": False})):
        shop.world.change(row, at, status)
    event(shop, job, "Job Canceled", at)
    shop.world.add(
        "job_canceled_logs", at, job.refers | {"reasonId": id_of("job_cancel_reasons", job.number // 12 % 5)}
    )


def _hold(shop: Shop, job: Job, appointment: Row, start: int) -> None:
    """Wait for something that does not come for months; then the job is given up."""
    at = job.booked + HOUR + (start - job.booked) // 2
    for row, held in ((job.row, "jobStatus"), (appointment, "status")):
        shop.world.change(row, at, {held: "Hold"})
    event(shop, job, "Job On Hold", at)
    _cancel(shop, job, appointment, at + _GIVEN_UP_AFTER)


def _work(shop: Shop, job: Job, appointment: Row, begin: int) -> None:
    rng = job.rng
    sent = begin - rng.randrange(15, 45) * MINUTE - rng.randrange(MINUTE)
    arrived = begin + rng.randrange(25 * MINUTE)
    done = arrived + rng.randrange(40 * MINUTE, 4 * HOUR)
    job.begins, job.ends = arrived, done
    for at, stage, state in (
        (max(sent, appointment.created), "Dispatched", "Dispatched"),
        (arrived, "Working", "InProgress"),
        (done, "Done", None),
    ):
        shop.world.change(appointment, at, {"status": stage})
        event(shop, job, f"Appointment {stage}", at)
        if state:
            shop.world.change(job.row, at, {"jobStatus": state})
    for technician in job.technicians:
        _assign(shop, job, Visit(appointment, sent, arrived, done), technician)


def _assign(shop: Shop, job: Job, visit: Visit, technician: int) -> None:
    refers = {
        "technicianId": id_of("technicians", technician),
        "technicianName": shop.world.directory.name("technicians", technician),
        "jobId": job.row.id,
        "appointmentId": visit.appointment.id,
    }
    made = visit.appointment.created + 2 * MINUTE
    if job.every(10, 6) and technician == job.technicians[0]:
        # The dispatcher changed their mind: the first assignment stays in the feed, inactive.
        other = shop.technician(technician + 1)
        gone = {"technicianId": id_of("technicians", other), "assignedOn": made, "status": "Scheduled"}
        gone["technicianName"] = shop.world.directory.name("technicians", other)
        shop.world.change(
            shop.world.add("appointment_assignments", made, refers | gone), made + 9 * MINUTE, {"active": False}
        )
    row = shop.world.add("appointment_assignments", made, refers | {"assignedOn": made, "status": "Scheduled"})
    sent, arrived, done = (max(at, made + SECOND) for at in (visit.sent, visit.arrived, visit.done))
    sheet_facts = refers | {"dispatchedOn": sent, "arrivedOn": None, "doneOn": None, "canceledOn": None}
    sheet = shop.world.add("job_timesheets", sent, sheet_facts)
    for at, stage, stamp in ((sent, "Dispatched", None), (arrived, "Working", "arrivedOn"), (done, "Done", "doneOn")):
        shop.world.change(row, at, {"status": stage})
        if stamp:
            shop.world.change(sheet, at, {stamp: at})
    payroll.clock_in(shop, job, technician, Visit(visit.appointment, sent, arrived, done))
