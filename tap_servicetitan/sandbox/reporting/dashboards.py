"""The rows of ServiceTitan's dashboards of technicians and of business units."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

from tap_servicetitan.sandbox.reporting.metrics import (
    CompletedJob,
    by_job,
    completed_jobs,
    is_closed,
    other_revenue,
    ratio,
    sold_estimates,
)
from tap_servicetitan.sandbox.reporting.reading import all_items, is_within, names, survivors

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from tap_servicetitan.sandbox.reporting.reading import Given, Table
    from tap_servicetitan.sandbox.rows import Item
    from tap_servicetitan.sandbox.world import World


def technician_revenue(world: World, given: Given, now: int) -> Table:
    """Return what each technician brought in, by the splits of the jobs."""
    by_technician = _by_technician(completed_jobs(world, given, now))
    return [
        [one["name"], *_revenue(by_technician[one["id"]], _share(by_technician[one["id"]], one["id"])), one["id"]]
        for one in all_items(world, "technicians", now)
    ]


def technician_memberships(world: World, given: Given, now: int) -> Table:
    """Return the memberships that each technician sold, and might have sold."""
    by_technician = _by_technician(completed_jobs(world, given, now))
    sold = [one for one in all_items(world, "memberships", now) if is_within(one["createdOn"], given)]
    members, customers = _members(world, now), survivors(world, now)
    adjusted, _ = other_revenue(world, given, now, by_technician=True)
    table: Table = []
    for one in all_items(world, "technicians", now):
        jobs = by_technician[one["id"]]
        chances = sum(_is_chance(job, members[customers[job.job["customerId"]]]) for job in jobs)
        own = sum(membership["soldById"] == one["userId"] for membership in sold)
        more = adjusted.get(one["id"], 0.0)
        amounts = round(more, 2), round(_share(jobs, one["id"]) + more, 2)
        table.append([one["name"], chances, own, ratio(own, chances), one["id"], *amounts])
    return table


def unit_revenue(world: World, given: Given, now: int) -> Table:
    """Return what each business unit brought in."""
    jobs = completed_jobs(world, given, now)
    rest = _totals(world, given, now, jobs)
    table: Table = []
    for unit, name in _units(world, given, now):
        own = [job for job in jobs if job.job["businessUnitId"] == unit]
        revenue = sum(job.revenue.get(unit, 0.0) for job in jobs)
        table.append([name, *_revenue(own, revenue), *rest[unit]])
    return table


def unit_memberships(world: World, given: Given, now: int) -> Table:
    """Return how many customers of each business unit could have become members, and did."""
    jobs, members = completed_jobs(world, given, now), _members(world, now)
    customers = survivors(world, now)
    bought = {
        customer for customer, owned in members.items() if any(is_within(one["createdOn"], given) for one in owned)
    }
    table: Table = []
    for unit, name in _units(world, given, now):
        own = [(job, customers[job.job["customerId"]]) for job in jobs if job.job["businessUnitId"] == unit]
        chances = [customer for job, customer in own if _is_chance(job, members[customer])]
        won = sum(customer in bought for customer in chances)
        table.append([name, len(chances), won, ratio(won, len(chances))])
    return table


def unit_sales(world: World, given: Given, now: int) -> Table:
    """Return what each business unit sold by estimates, and how often."""
    jobs = completed_jobs(world, given, now)
    estimates = by_job(world, "estimates", {job.job["id"] for job in jobs}, now)
    rest, sold = _totals(world, given, now, jobs), _sold(world, given, now)
    table: Table = []
    for unit, name in _units(world, given, now):
        chances = [job for job in jobs if job.job["businessUnitId"] == unit and job.is_opportunity]
        closed = sum(is_closed(job, estimates[job.job["id"]]) for job in chances)
        options = sum(len(estimates[job.job["id"]]) for job in chances)
        amounts = sold[unit]
        row: list[Any] = [name, round(sum(amounts), 2), round(ratio(sum(amounts), len(amounts)), 2)]
        row += [ratio(closed, len(chances)), len(chances), ratio(options, len(chances)), *rest[unit]]
        table.append(row)
    return table


def _sold(world: World, given: Given, now: int) -> Mapping[int, list[float]]:
    found: dict[int, list[float]] = defaultdict(list)
    for one in sold_estimates(world, given, now):
        found[one["businessUnitId"]].append(one["subtotal"])
    return found


def _share(jobs: Sequence[CompletedJob], technician: int) -> float:
    return sum(job.total * job.splits[technician] for job in jobs)


def _revenue(jobs: Sequence[CompletedJob], revenue: float) -> Iterator[float]:
    """Yield revenue, average and conversion of jobs, and what customers thought of them."""
    chances = [job for job in jobs if job.is_opportunity]
    converted = sum(job.is_converted for job in chances)
    ratings = [rating for job in jobs for rating in job.ratings]
    yield round(revenue, 2)
    yield round(ratio(revenue, len(chances)), 2)
    yield ratio(converted, len(chances))
    yield len(chances)
    yield converted
    yield ratio(sum(ratings), len(ratings))


def _totals(world: World, given: Given, now: int, jobs: Sequence[CompletedJob]) -> Mapping[int, list[float]]:
    """Return adjustment, total and non-job revenue of each business unit."""
    adjusted, without_job = other_revenue(world, given, now)
    found = {}
    for unit, _ in _units(world, given, now):
        completed = sum(job.revenue.get(unit, 0.0) for job in jobs)
        parts = adjusted.get(unit, 0.0), without_job.get(unit, 0.0)
        found[unit] = [round(parts[0], 2), round(completed + sum(parts), 2), round(parts[1], 2)]
    return found


def _units(world: World, given: Given, now: int) -> list[tuple[int, str]]:
    return [
        (unit, name)
        for unit, name in names(world, "business_units", now).items()
        if unit in given.get("BusinessUnitIds", [unit])
    ]


def _by_technician(jobs: Sequence[CompletedJob]) -> Mapping[int, list[CompletedJob]]:
    found: dict[int, list[CompletedJob]] = defaultdict(list)
    for job in jobs:
        for technician in job.splits:
            found[technician].append(job)
    return found


def _members(world: World, now: int) -> Mapping[int, list[Item]]:
    """Return the memberships of each customer, those of customers that were merged into it included."""
    customers = survivors(world, now)
    found: dict[int, list[Item]] = defaultdict(list)
    for one in all_items(world, "memberships", now):
        found[customers[one["customerId"]]].append(one)
    return found


def _is_chance(job: CompletedJob, memberships: Sequence[Item]) -> bool:
    """Return whether the customer of an opportunity was no member when the job was completed."""
    at = job.job["completedOn"]
    return job.is_opportunity and not any(
        one["createdOn"] < at and (one["cancellationDate"] or one["to"] or at) >= at for one in memberships
    )
