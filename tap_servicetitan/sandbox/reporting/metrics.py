"""What the figures of ServiceTitan's own reports mean, computed from the tenant's rows."""

from __future__ import annotations

import dataclasses
from collections import defaultdict
from typing import TYPE_CHECKING, Any

from tap_servicetitan.sandbox.clock import iso
from tap_servicetitan.sandbox.reporting.reading import all_items, is_within
from tap_servicetitan.sandbox.rows import Cents

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Iterator, Mapping

    from tap_servicetitan.sandbox.reporting.reading import Given
    from tap_servicetitan.sandbox.rows import Item
    from tap_servicetitan.sandbox.world import Row, World

_SOLD = "Sold"


@dataclasses.dataclass(frozen=True, slots=True)
class CompletedJob:
    """A job that was completed in the span, with what the figures need to know of it."""

    job: Item
    subtotal: float
    threshold: float
    revenue: Mapping[int, float]
    """The completed revenue by business unit of the item."""
    splits: Mapping[int, float]
    """The share of each technician."""
    ratings: tuple[float, ...]

    @property
    def is_opportunity(self) -> bool:
        """A job that was charged, or is worth the job type's sold threshold."""
        return not self.job["noCharge"] or self.is_converted

    @property
    def is_converted(self) -> bool:
        """A job worth the job type's sold threshold."""
        return self.subtotal >= self.threshold

    @property
    def total(self) -> float:
        """The completed revenue of all business units."""
        return sum(self.revenue.values())


def income(invoice: Mapping[str, Any]) -> Iterator[tuple[Mapping[str, Any], float]]:
    """Yield each item that is sold on an income account, with its amount."""
    for item in invoice["items"]:
        if (item.get("generalLedgerAccount") or {}).get("type") == "Income":
            yield item, _dollars(item["total"])


def completed_jobs(world: World, given: Given, now: int) -> list[CompletedJob]:
    """Return the jobs that were completed in the span, in the business units that are requested."""
    thresholds = {kind["id"]: float(kind["soldThreshold"] or 0) for kind in all_items(world, "job_types", now)}
    jobs = [world.item(row, now) for row in between(world, "jobs", "completedOn", given, now)]
    ids = {job["id"] for job in jobs}
    splits, ratings = (by_job(world, stream, ids, now) for stream in ("job_splits", "technician_ratings"))
    found = []
    for job in jobs:
        if job["businessUnitId"] not in given.get("BusinessUnitIds", [job["businessUnitId"]]):
            continue
        invoice = _invoice(world, job, now)
        revenue: dict[int, float] = defaultdict(float)
        for item, amount in income(invoice) if invoice["adjustmentToId"] is None else ():
            revenue[item["businessUnit"]["id"]] += amount
        shares = {one["technicianId"]: one["split"] / 100 for one in splits[job["id"]] if one["active"]}
        rated = tuple(one["rating"] for one in ratings[job["id"]])
        subtotal = _dollars(invoice["subTotal"])
        found.append(CompletedJob(job, subtotal, thresholds[job["jobTypeId"]], dict(revenue), shares, rated))
    return found


def other_revenue(
    world: World, given: Given, now: int, *, by_technician: bool = False
) -> tuple[dict[int, float], dict[int, float]]:
    """Return the adjustment revenue and the non-job revenue by business unit; both count by the invoice's date."""
    adjusted: dict[int, float] = defaultdict(float)
    without_job: dict[int, float] = defaultdict(float)
    for row in between(world, "invoices", "invoiceDate", given, now):
        # The state of a row is all that counts here, and writing an invoice out takes long.
        invoice = row.state(now)
        for item, amount in income(invoice):
            owner = item["technicianId"] if by_technician else item["businessUnit"]["id"]
            if invoice["adjustmentToId"] is not None:
                adjusted[owner] += amount
            elif invoice["job"] is None:
                without_job[owner] += amount
    return adjusted, without_job


def sold_estimates(world: World, given: Given, now: int) -> list[Item]:
    """Return the estimates that were sold in the span."""
    found = (world.item(row, now) for row in between(world, "estimates", "soldOn", given, now))
    return [one for one in found if one["status"]["name"] == _SOLD]


def is_closed(job: CompletedJob, estimates: Iterable[Item]) -> bool:
    """Return whether the sold estimates of a job are worth the job type's sold threshold."""
    sold = [one["subtotal"] for one in estimates if one["status"]["name"] == _SOLD]
    return bool(sold) and sum(sold) >= job.threshold


def ratio(part: float, whole: float) -> float:
    """Return a fraction, or an average; 0 of nothing."""
    return round(part / whole, 4) if whole else 0.0


def between(world: World, stream: str, field: str, given: Given, now: int) -> list[Row]:
    """Return the rows of a stream whose instant lies in the span, in the order of their ids."""
    dated = ((row, row.state(now).get(field)) for row in world.rows(stream, now))
    found = [row for row, at in dated if at is not None and is_within(iso(at), given)]
    return sorted(found, key=lambda row: row.number)


def by_job(world: World, stream: str, jobs: Container[int], now: int) -> Mapping[int, list[Item]]:
    """Return the rows of a stream that are about some jobs, by job."""
    found: dict[int, list[Item]] = defaultdict(list)
    for row in world.rows(stream, now):
        if row.facts["jobId"] in jobs:
            found[row.facts["jobId"]].append(world.item(row, now))
    return found


def _invoice(world: World, job: Item, now: int) -> Mapping[str, Any]:
    row = world.by_id("invoices", job["invoiceId"], now)
    return row.state(now) if row else {"items": [], "adjustmentToId": None, "subTotal": Cents(0)}


def _dollars(amount: Any) -> float:  # noqa: ANN401 - cents of the business, or any number that somebody has set
    return amount / 100 if isinstance(amount, Cents) else float(amount)
