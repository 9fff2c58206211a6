"""The end of a job: its invoice, rating, estimate, equipment and project."""

from __future__ import annotations

from tap_servicetitan.sandbox.business import billing, payroll, stock
from tap_servicetitan.sandbox.business.clients import install
from tap_servicetitan.sandbox.business.history import event
from tap_servicetitan.sandbox.business.shop import Job, Shop, money
from tap_servicetitan.sandbox.catalogue import NAMES, NOTES
from tap_servicetitan.sandbox.clock import DAY, HOUR, MINUTE, SECOND
from tap_servicetitan.sandbox.directory import id_of


def complete(shop: Shop, job: Job) -> None:
    """Complete a job after its last visit."""
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
