"""A job, from the call that books it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tap_servicetitan.sandbox.business import billing
from tap_servicetitan.sandbox.business.clients import welcome
from tap_servicetitan.sandbox.business.history import event
from tap_servicetitan.sandbox.business.shop import Client, Job, Shop
from tap_servicetitan.sandbox.business.visits import visit
from tap_servicetitan.sandbox.catalogue import NAMES, NOTES
from tap_servicetitan.sandbox.clock import DAY, HOUR, MINUTE, SECOND
from tap_servicetitan.sandbox.directory import id_of
from tap_servicetitan.sandbox.draw import dice
from tap_servicetitan.sandbox.pricebook import work_of

if TYPE_CHECKING:
    from random import Random

    from tap_servicetitan.sandbox.world import Row


def book(shop: Shop, booked: int) -> None:
    """Book a job, and write all of its life that follows."""
    number = shop.jobs
    shop.jobs += 1
    rng = dice(shop.world.seed, "job", number)
    client = welcome(shop, booked - 4 * MINUTE) if number % 12 == 5 else rng.choice(shop.clients)  # noqa: PLR2004 - a rate
    location = rng.choice(client.locations)
    kind = rng.randrange(len(NAMES["job_types"]))
    unit = rng.choice(work_of(kind).units)
    call = _call(shop, client, location, booked - rng.randrange(1, 4) * MINUTE, rng)
    facts = _facts(client, location, (kind, unit), booked, rng) | {"leadCallId": call.id}
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
    visit(shop, job)
    _notes(shop, job)


def _facts(client: Client, location: Row, what: tuple[int, int], booked: int, rng: Random) -> dict[str, Any]:
    member = client.membership if client.membership and client.membership.created <= booked else None
    kind, unit = what
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


def _notes(shop: Shop, job: Job) -> None:
    if job.every(2):
        note = job.refers | {"text": job.rng.choice(NOTES), "isPinned": job.every(14)}
        row = shop.world.add("job_notes", job.booked + job.rng.randrange(MINUTE, 5 * HOUR), note)
        if job.every(10):
            shop.world.change(row, row.created + job.rng.randrange(HOUR, DAY), {"active": False})
