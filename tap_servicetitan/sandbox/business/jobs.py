"""A job, from the call that books it to its completion."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tap_servicetitan.sandbox.business import billing, payroll, stock
from tap_servicetitan.sandbox.business.clients import install, welcome
from tap_servicetitan.sandbox.business.shop import Client, Job, Shop, Visit, money
from tap_servicetitan.sandbox.catalogue import NAMES, NOTES
from tap_servicetitan.sandbox.clock import DAY, HOUR, MINUTE, SECOND
from tap_servicetitan.sandbox.directory import id_of
from tap_servicetitan.sandbox.draw import dice
from tap_servicetitan.sandbox.world import Append

if TYPE_CHECKING:
    from random import Random

    from tap_servicetitan.sandbox.world import Row

_UNITS = 8
# Hours of the day in UTC at which a visit may begin: eight to five in North Carolina.
_FIRST_SLOT, _LAST_SLOT = 12, 22
_GIVEN_UP_AFTER = 120 * DAY


def book(shop: Shop, booked: int) -> None:
    """Book a job, and tell all of its life that follows."""
    number = shop.jobs
    shop.jobs += 1
    rng = dice(shop.world.seed, "job", number)
    client = welcome(shop, booked - 4 * MINUTE) if number % 12 == 5 else rng.choice(shop.clients)  # noqa: PLR2004 - a rate
    location = rng.choice(client.locations)
    unit = rng.randrange(_UNITS)
    call = _call(shop, client, location, booked - rng.randrange(1, 4) * MINUTE, rng)
    facts = _facts(client, location, unit, booked, rng) | {"leadCallId": call.id}
    row = shop.world.add("jobs", booked, facts)
    row.facts["jobNumber"] = str(row.id)
    history = shop.world.add("job_history", booked, {"jobId": row.id, "history": []})
    crew = [shop.technician(rng.getrandbits(32)) for _ in range(1 + (number % 9 == 4))]  # noqa: PLR2004 - a rate
    job = Job(number, row, client, location, rng, booked, unit, list(dict.fromkeys(crew)), history)
    job.opened = billing.open_invoice(shop, job)
    row.facts["invoiceId"] = job.invoice.id
    event(shop, job, "Job Booked", booked)
    shop.world.change(call, booked, {"job": {"id": row.id, "number": str(row.id)}, "type": "Booked"})
    _origin(shop, job, call)
    _visits(shop, job)
    _notes(shop, job)


def _facts(client: Client, location: Row, unit: int, booked: int, rng: Random) -> dict[str, Any]:
    member = client.membership if client.membership and client.membership.created <= booked else None
    kind = rng.randrange(len(NAMES["job_types"]))
    return {
        "customerId": client.row.id,
        "locationId": location.id,
        "businessUnitId": id_of("business_units", unit),
        "jobTypeId": id_of("job_types", kind),
        "summary": f"<p>{NAMES['job_types'][kind]}. {rng.choice(NOTES)}</p>",
        "jobStatus": "Scheduled",
        "priority": rng.choice(("Normal", "Normal", "Normal", "High", "Urgent", "Low")),
        "appointmentCount": 1,
        "noCharge": False,
        "completedOn": None,
        "total": None,
        "projectId": None,
        "bookingId": None,
        "membershipId": member.id if member else None,
        "estimateIds": [],
        "equipmentIds": [],
        "jobGeneratedLeadSource": None,
        "customerPo": "",
    }


def event(shop: Shop, job: Job, kind: str, at: int) -> None:
    """Enter an event in the job's history."""
    serial = len(job.history.steps)
    entry = {
        "id": id_of("job_history.history", job.number * 20 + serial),
        "employeeId": shop.world.directory.pick("employees", job.draw(serial)),
        "eventType": kind,
        "date": at,
    }
    shop.world.change(job.history, at, {"history": Append(entry)})


def phone(shop: Shop, client: Client, rng: Random) -> dict[str, Any]:
    """Describe a call from a customer."""
    agent = rng.randrange(shop.world.directory.sizes["employees"])
    return {
        "customer": {"id": client.row.id, "name": client.name},
        "direction": "Inbound",
        "status": "Completed",
        "duration": f"00:{rng.randrange(1, 15):02d}:{rng.randrange(60):02d}",
        "from": f"919555{rng.randrange(10_000):04d}",
        "to": "9195550100",
        "agent": {"id": id_of("employees", agent), "name": shop.world.directory.name("employees", agent)},
        "reason": None,
        "job": None,
        "lead": None,
        "createdBy": None,
        "excuseMemo": "",
    }


def _call(shop: Shop, client: Client, location: Row, at: int, rng: Random) -> Row:
    where = {"location": {"id": location.id, "name": client.name}, "type": None}
    return shop.world.add("calls", at, phone(shop, client, rng) | where)


def _origin(shop: Shop, job: Job, call: Row) -> None:
    if job.every(7, 3):
        lead = {
            "callId": call.id,
            "customerId": job.client.row.id,
            "locationId": job.location.id,
            "status": "Open",
            "dismissingReasonId": None,
            "bookingId": None,
            "manualCallId": None,
        }
        row = shop.world.add("leads", call.created + 30 * SECOND, lead)
        shop.world.change(row, job.booked, {"status": "Converted"})
        shop.world.change(call, row.created, {"lead": {"id": row.id}})
    if job.every(8, 5):
        booking = {
            "name": job.client.name,
            "address": job.client.row.facts["address"],
            "status": "New",
            "start": job.booked + DAY,
            "jobId": None,
            "isFirstTimeClient": False,
            "dismissingReasonId": None,
            "bookingProviderId": id_of("booking_provider_tags", job.number % 4),
        }
        row = shop.world.add("bookings", job.booked - 40 * MINUTE, booking)
        shop.world.change(row, job.booked, {"status": "Converted", "jobId": job.row.id})
        job.row.facts["bookingId"] = row.id


def _visits(shop: Shop, job: Job) -> None:
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
    _complete(shop, job)


def _slot(after: int, rng: Random) -> int:
    """Find a free hour of a working day."""
    slot = (after // DAY + rng.choice((0, 0, 0, 1, 1, 2, 3, 4))) * DAY + rng.randrange(_FIRST_SLOT, _LAST_SLOT) * HOUR
    return slot if slot > after + HOUR else slot + DAY


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


def _complete(shop: Shop, job: Job) -> None:
    at = job.ends + job.rng.randrange(SECOND, 10 * MINUTE)
    invoice = billing.bill(shop, job, at)
    done = {"jobStatus": "Completed", "completedOn": at, "total": money(invoice.total)}
    event(shop, job, "Job Completed", at)
    if job.every(3, 1):
        facts = job.refers | {"technicianId": id_of("technicians", job.technicians[0])}
        rating = {"rating": float(job.rng.choice((3, 4, 4, 5, 5, 5)))}
        shop.world.add("technician_ratings", at + job.rng.randrange(HOUR, 30 * HOUR), facts | rating)
    if job.every(4, 1):
        estimate = billing.quote(shop, job, job.begins + 20 * MINUTE)
        done["estimateIds"] = [estimate.id]
    if job.every(15, 2):
        given = {"invoiceItemId": invoice.items[0]}
        done["equipmentIds"] = [install(shop, job.client, job.location, at, given).id]
    shop.world.change(job.row, at, done)
    if job.every(20, 7):
        _project(shop, job, at)
    payroll.pay(shop, job, invoice, at)
    stock.move(shop, job, invoice, at)


def _project(shop: Shop, job: Job, at: int) -> None:
    facts = {
        "customerId": job.client.row.id,
        "locationId": job.location.id,
        "name": f"{NAMES['project_types'][job.number % 3]} - {job.client.name}",
        "status": "In Progress",
        "jobIds": [job.row.id],
        "actualCompletionDate": None,
        "startDate": at,
        "businessUnitIds": [id_of("business_units", job.unit)],
    }
    if len(shop.projects) % 4 == 1:
        # The vendor declares this stamp nullable: a few rows never show one.
        facts["modifiedOn"] = None
    project = shop.world.add("projects", at, facts)
    project.facts["number"] = str(project.id)
    shop.projects.append(project)
    shop.world.change(job.row, at, {"projectId": project.id})
    note = {"projectId": project.id, "text": job.rng.choice(NOTES), "isPinned": False}
    shop.world.add("project_notes", at + HOUR + job.rng.randrange(HOUR), note)
    ends = at + job.rng.randrange(5 * DAY, 40 * DAY)
    shop.world.change(project, ends, {"status": "Completed", "actualCompletionDate": ends})


def _notes(shop: Shop, job: Job) -> None:
    if job.every(2):
        note = job.refers | {"text": job.rng.choice(NOTES), "isPinned": job.every(14)}
        row = shop.world.add("job_notes", job.booked + job.rng.randrange(MINUTE, 5 * HOUR), note)
        if job.every(10):
            shop.world.change(row, row.created + job.rng.randrange(HOUR, DAY), {"active": False})
