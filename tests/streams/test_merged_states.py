"""Meltano can lay each STATE over the last one, key by key: what comes of it is the last one."""

from __future__ import annotations

import functools
import random
from typing import TYPE_CHECKING, Any

import pytest

from tap_servicetitan.sandbox.server import Sandbox, serve
from tests.support.reporting import config, jobs, read
from tests.unit.state.test_merging import merged

if TYPE_CHECKING:
    from collections.abc import Iterator

STREAMS = (
    *("customers", "job_history", "contacts", "payment_types", "customer_notes", "job_booked_logs"),
    *("wbs_project_segment_items", "attributed_leads", "router_performance", "capacities"),
)
"""Feeds, lists, children of feeds, lists and children, windows backward and forward; and beside them a report."""

DAY = 86_400.0


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    """Run a small tenant with several pages of each feed."""
    with serve(seed=1, scale=0.02, page_size=20) as running:
        running.config = config(running, jobs()) | {"requests_per_second": 10_000}
        yield running


def states_of(sandbox: Sandbox, before: dict[str, Any]) -> list[dict[str, Any]]:
    """Run once, and list the states that were written."""
    output = read(sandbox.config, *STREAMS, "job_report", state=before)
    return [one["value"] for one in output.messages if one["type"] == "STATE"]


def test_states_that_are_laid_over_each_other_are_the_last_one(sandbox: Sandbox) -> None:
    """Whatever state a run ended with, or broke off with, all later ones folded over it equal the last of them."""
    chance = random.Random(3)  # noqa: S311 - no secret
    earlier: list[dict[str, Any]] = [{}]
    for number in range(5):
        if number == 2:
            # In the middle of a visit of all parents.
            sandbox.fault("status", "customer_notes", skip=5, times=0, status=403)
            sandbox.fault("status", "wbs_project_segment_items", skip=3, times=0, status=403)
        states = states_of(sandbox, earlier[-1])
        sandbox.clear_faults()
        for old in [*chance.sample(earlier, min(20, len(earlier))), earlier[-1]]:
            assert functools.reduce(merged, states, old) == states[-1]
        # As if the run had been killed there.
        broken = chance.randrange(len(states)) if number % 2 else len(states) - 1
        earlier += states[: broken + 1]
        for stream in ("customers", "contacts", "jobs"):
            sandbox.touch(stream, 3)
        sandbox.advance(DAY * chance.choice([1, 8]))
    assert len(earlier) > 30
