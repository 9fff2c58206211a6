"""Streams that show the rows of another stream in another way: what changes in one changes in both."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any, TypeAlias

from tap_servicetitan.sandbox.catalogue import NAMES
from tap_servicetitan.sandbox.directory import id_of
from tap_servicetitan.sandbox.facts import FACTS
from tap_servicetitan.sandbox.frame import Frame
from tap_servicetitan.sandbox.rows import form_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tap_servicetitan.sandbox.rows import Item
    from tap_servicetitan.sandbox.world import Row, World

Shape: TypeAlias = "Callable[[Item, Row, World, int], Item]"
Keep: TypeAlias = "Callable[[Mapping[str, Any]], bool]"


def _as_it_is(item: Item, _: Row, __: World, ___: int) -> Item:
    return item


@dataclasses.dataclass(frozen=True, slots=True)
class Mirror:
    """How a stream shows the rows of another one."""

    origin: str
    shape: Shape = _as_it_is
    keep: Keep | None = None


def _call(item: Item, row: Row, _: World, __: int) -> Item:
    kept = ("createdOn", "modifiedOn", "active", "id", "duration", "from", "to", "direction", "recordingUrl")
    reason = item["reason"] and item["reason"] | {"lead": False, "active": True}
    kind = row.seed % len(NAMES["job_types"])
    lead_call = {name: item[name] for name in (*kept, "customer", "campaign", "agent", "createdBy")} | {
        "receivedOn": item["createdOn"],
        "callType": item["type"],
        "voiceMailUrl": item["voiceMailPath"],
        "reason": reason,
        "tags": [],
    }
    return {
        "jobNumber": item["job"] and item["job"]["number"],
        "projectId": 0,
        "type": item["job"] and {"id": id_of("job_types", kind), "name": NAMES["job_types"][kind]},
        "leadCall": lead_call,
    }


def _hold(item: Item, row: Row, _: World, now: int) -> Item:
    number = row.seed % len(NAMES["job_hold_reasons"])
    reason = {
        "reasonId": id_of("job_hold_reasons", number),
        "name": NAMES["job_hold_reasons"][number],
        "text": row.state(now).get("_held", "Will call when it is settled"),
    }
    visit = reason | {"appointmentId": item["lastAppointmentId"]}
    return reason | {"jobId": item["id"], "appointmentHoldReasons": [visit]}


def _finding(item: Item, row: Row, world: World, now: int) -> Item:
    attachments = world.below("location_finding_attachments", (str(row.id),), now)
    state = row.state(now)
    return item | {
        "status": "Archived" if item["archived"] else state.get("_status", "New"),
        "attachments": [world.item(one, now) for one in attachments],
        "linkedEstimateIds": state.get("_estimates", []),
        "linkedJobIds": state.get("_jobs", []),
    }


BY_ID: Mapping[str, str] = {
    name: facts.row.parent
    for name, facts in FACTS.items()
    if facts.row.kind == "child" and facts.row.parent and facts.row.placeholders == ("id",)
}
"""Streams that show a row of another one by its id, and which."""

MIRRORS: Mapping[str, Mirror] = {
    **{name: Mirror(origin) for name, origin in BY_ID.items()},
    "calls_list": Mirror("calls", _call),
    "intacct_business_unit_mappings": Mirror("business_units"),
    "job_holds": Mirror("jobs", _hold, lambda job: job.get("jobStatus") == "Hold"),
    "location_finding_details": Mirror("location_findings", _finding),
    "services_list": Mirror("services"),
}


_STATUSES = ("ToDo", "InProgress", "OnHold", "Canceled", "Completed")


def _task_data(world: World, now: int) -> Item:
    """Put together what a task may refer to, lists of other streams among it."""

    def shown(stream: str) -> list[Item]:
        return [world.item(row, now) for row in world.rows(stream, now)]

    return {
        "employees": [{name: one[name] for name in ("id", "name", "active")} for one in shown("employees")],
        "businessUnits": [{"name": one["name"], "value": one["id"]} for one in shown("business_units")],
        "taskPriorities": [{"name": name} for name in NAMES["task_priorities"]],
        "taskResolutionTypes": [{"name": name} for name in ("Custom", "Refund")],
        "taskStatuses": [{"name": name} for name in _STATUSES],
        "taskTypes": shown("task_types"),
        "taskSources": shown("task_sources"),
        "taskResolutions": shown("task_resolutions"),
    }


def origin_of(stream: str) -> str:
    """Name the stream whose rows a stream shows: mostly its own."""
    return MIRRORS[stream].origin if stream in MIRRORS else stream


def kept(mirror: Mirror, rows: list[Row], now: int) -> list[Row]:
    """Leave out the rows that a stream does not show."""
    return [row for row in rows if mirror.keep(row.state(now))] if mirror.keep else rows


def shown_rows(world: World, stream: str, now: int) -> list[Row]:
    """Return the rows that a stream shows at an instant."""
    mirror = MIRRORS.get(stream)
    if mirror is None:
        return world.rows(stream, now)
    return kept(mirror, world.rows(mirror.origin, now), now)


def shown_item(world: World, stream: str, row: Row, now: int) -> Item:
    """Show a row in the way of a stream."""
    if stream == "task_management_data":
        return _task_data(world, now)
    item = world.item(row, now)
    if row.stream == stream:
        return item
    frame = Frame(row.created, world.directory)
    shaped = {"id": item["id"]} | MIRRORS[stream].shape(item, row, world, now)
    return form_of(stream).fill(shaped, row.seed, frame)
