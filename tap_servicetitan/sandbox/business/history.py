"""The history of a job: what happened to it, and when."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tap_servicetitan.sandbox.directory import id_of
from tap_servicetitan.sandbox.world import Append

if TYPE_CHECKING:
    from tap_servicetitan.sandbox.business.shop import Job, Shop


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
