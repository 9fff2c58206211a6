"""What is written down about a job: forms, attachments, findings, reviews, tasks for the office."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tap_servicetitan.sandbox.catalogue import FINDINGS, FORMS, NAMES, NOTES, REVIEWS, TASKS, pools
from tap_servicetitan.sandbox.clock import DAY, HOUR, MINUTE, SECOND
from tap_servicetitan.sandbox.directory import guid, id_of
from tap_servicetitan.sandbox.draw import mix, one_of

if TYPE_CHECKING:
    from tap_servicetitan.sandbox.world import Row, World

_PLATFORMS = ("Google", "Facebook", "Yelp")


def done(row: Row) -> int | None:
    """Return when a job was, or will be, completed; None if never."""
    return next((at for at, changes in row.steps if changes.get("jobStatus") == "Completed"), None)


def booked(world: World, row: Row) -> None:
    """Log who booked a job; jobs from another system have no log."""
    if row.number % 8 == 6:  # noqa: PLR2004 - a rate
        return
    facts = {
        "jobId": row.id,
        "jobAppointmentId": row.facts["firstAppointmentId"],
        "start": row.created + DAY,
        "active": row.number % 16 != 9,  # noqa: PLR2004 - a rate
        "createdById": world.directory.user(row.seed >> 7),
    }
    world.add("job_booked_logs", row.created, facts)


def attach(world: World, row: Row) -> None:
    """Attach photos to a job, some long after it is done."""
    draw = mix(row.seed, 21)
    for place in range(max(0, draw % 6 - 2)):
        turn = mix(draw, place)
        at = row.created + turn % (3 * DAY if place else 60 * DAY)
        facts = {"jobId": row.id, "fileName": f"photo-{turn % 9_000 + 1_000}.jpg"}
        world.add("job_attachments", at, facts | {"createdById": world.directory.user(turn >> 9)})


def submit(world: World, row: Row) -> None:
    """Fill in a form about a job; some are begun and not finished yet."""
    at = done(row)
    if at is None or row.number % 2:
        return
    number = row.seed % len(FORMS)
    unit = {"id": f"u-{row.number}", "name": FORMS[number], "type": "Section", "description": "", "units": []}
    facts = {
        "formId": id_of("forms", number),
        "formName": FORMS[number],
        "createdById": world.directory.user(row.seed >> 11),
        "status": "Completed",
        "owners": [{"type": "Job", "id": row.id}],
        "units": [unit | {"comment": one_of(NOTES, row.seed), "attachments": [], "value": "Green", "values": []}],
    }
    if row.number % 10 == 4:  # noqa: PLR2004 - a rate
        form = world.add("submissions", at, facts | {"status": "Started"})
        world.change(form, at + DAY + row.seed % (9 * DAY), {"status": "Completed"})
    else:
        form = world.add("submissions", at, facts)
    if form.number % 12 == 7:  # noqa: PLR2004 - a rate
        world.change(form, at + 12 * DAY, {"active": False})


def review(world: World, row: Row) -> None:
    """Review a job on a platform; some reviews name no job."""
    at = done(row)
    if at is None or row.number % 5:
        return
    draw = mix(row.seed, 23)
    known = row.number % 4 != 0
    platform = one_of(_PLATFORMS, draw)
    at += draw % (5 * DAY) + HOUR
    facts: dict[str, Any] = {
        "platform": platform,
        "address": "12 Market Street, Raleigh, NC",
        "authorName": f"{one_of(pools().first_names, draw >> 14)} {one_of(pools().last_names, draw >> 30)}",
        "authorEmail": None,
        "jobTypeName": None,
        "technicianFullName": None,
        "customerName": None,
        "verifiedOn": None,
        "review": one_of(REVIEWS, draw >> 4),
        "reviewType": 0,
        "reviewResponse": None,
        "publishDate": at,
        "rating": float(3 + (draw >> 9) % 3),
        "jobId": row.id if known else None,
        "customerId": row.facts["customerId"] if known else None,
        "businessUnitId": row.facts["businessUnitId"],
        "technicianId": None,
        "externalId": f"{platform[:2].lower()}-{draw % 10**12:x}",
    }
    if not known:
        facts |= {"internalId": None} | ({"externalId": None} if row.number % 8 == 0 else {})
    review_row = world.add("reviews", at, facts)
    if draw % 3 == 0:
        world.change(review_row, at + DAY + draw % (9 * DAY), {"reviewResponse": "Thank you for your business!"})


def assign(world: World, row: Row) -> None:
    """Return the office something to do about a job."""
    if row.number % 6 != 2:  # noqa: PLR2004 - a rate
        return
    draw = mix(row.seed, 24)
    employee = world.directory.pick("employees", draw)
    at = row.created + HOUR + draw % (2 * DAY)
    comment = {"employeeId": employee, "comment": one_of(NOTES, draw), "createdOn": at + HOUR}
    facts: dict[str, Any] = {
        "reportedById": employee,
        "assignedToId": world.directory.pick("employees", draw >> 8),
        "involvedEmployeeIdList": [employee],
        "isClosed": False,
        "status": "ToDo",
        "closedOn": None,
        "name": one_of(TASKS, draw),
        "reportedOn": at,
        "completeBy": at + 7 * DAY,
        "businessUnitId": row.facts["businessUnitId"],
        "customerId": row.facts["customerId"],
        "jobId": row.id,
        "jobNumber": str(row.id),
        "priority": one_of(NAMES["task_priorities"], draw >> 3),
        "taskNumber": 1_000 + row.number,
        "comments": [comment],
        "attachments": [],
        "subTasksData": _subtasks(draw, employee, at),
        "_unmodified": True,
    }
    _close(world, world.add("tasks", at, facts), at, draw)


def _subtasks(draw: int, employee: int, at: int) -> dict[str, Any]:
    one = {
        "assignedToId": employee,
        "reportedById": employee,
        "name": "Call the customer",
        "createdOn": at,
        "dueDateTime": at + DAY,
        "assignedDateTime": at,
        "isClosed": False,
        "closedOn": None,
        "comments": [],
    }
    count = draw % 3
    return {"count": count, "subTasks": [one | {"subtaskNumber": place + 1} for place in range(count)]}


def _close(world: World, task: Row, at: int, draw: int) -> None:
    if task.number % 3 != 1:
        closed = at + DAY + draw % (20 * DAY)
        if draw % 2:
            world.change(task, closed - 5 * HOUR, {"status": "InProgress"})
        world.change(task, closed, {"status": "Completed", "isClosed": True, "closedOn": closed})
        if task.number % 7 == 0:
            world.change(task, closed + 3 * DAY, {"active": False})


def find(world: World, row: Row) -> None:
    """Note what a technician found at a piece of equipment, and photograph it."""
    if row.number % 3:
        return
    draw = mix(row.seed, 25)
    at = row.created + 2 * DAY + draw % (90 * DAY)
    name, solution = one_of(FINDINGS, draw)
    user = world.directory.user(draw >> 12)
    facts: dict[str, Any] = {
        "locationId": row.facts["locationId"],
        "installedEquipmentId": row.id,
        "sourceJobId": None,
        "name": name,
        "recommendedSolution": solution,
        "archived": False,
        "createdBy": user,
        "modifiedBy": user,
    }
    finding = world.add("location_findings", at, facts)
    for place in range(draw % 4):
        turn = mix(draw, place)
        photo = {"locationFindingId": finding.id, "fileName": f"finding-{turn % 9_000 + 1_000}.jpg", "type": "Image"}
        world.add("location_finding_attachments", at + turn % (20 * DAY if place else MINUTE), photo)
    if draw % 3 == 0:
        world.change(finding, at + 30 * DAY, {"urgencyLevel": "High"})
    if finding.number % 5 == 2:  # noqa: PLR2004 - a rate
        world.change(finding, at + 45 * DAY, {"archived": True, "active": False})


def invoice_tasks(world: World, row: Row) -> None:
    """List what is still to be done about an invoice."""
    if row.number % 5 != 1:
        return
    draw = mix(row.seed, 26)
    for place in range(1 + draw % 2):
        facts = {
            "invoiceId": row.id,
            "type": "Review",
            "name": one_of(TASKS, draw >> place),
            "status": "Open",
            "assigneeId": guid(world.directory.user(draw >> 5)),
            "dueDate": row.created + 9 * DAY,
            "templateId": None,
            "reason": None,
            "relations": [],
        }
        task = world.add("invoice_tasks", row.created + place * SECOND, facts)
        world.change(task, row.created + 6 * DAY + draw % (9 * DAY), {"status": "Done"})
