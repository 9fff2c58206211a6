"""How online booking went: sums over the sessions of a scheduler or a router."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from tap_servicetitan.sandbox.facts import FACTS, type_of
from tap_servicetitan.sandbox.frame import Frame
from tap_servicetitan.sandbox.rows import form_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tap_servicetitan.sandbox.rows import Item
    from tap_servicetitan.sandbox.spans import Span
    from tap_servicetitan.sandbox.world import World

_COUNTS = [name for name, field in FACTS["scheduler_performance"].properties.items() if type_of(field) == "integer"]

STEPS = ("opened", "zipcode", "interacted", "issue", "schedule", "customer", "details", "booked")


def _sessions(world: World, stream: str, parent: str, span: Span, now: int) -> list[Mapping[str, Any]]:
    return [row.state(now) for row in world.below(stream, (parent,), now) if span.has(row.created)]


def scheduler(world: World, span: Span, now: int, parent: str) -> list[Item]:
    """Sum up the sessions of a scheduler that were created in a span."""
    sessions = _sessions(world, "scheduler_sessions", parent, span, now)
    reached = Counter(step for one in sessions for step in STEPS[: STEPS.index(one["lastStep"]) + 1])
    outcomes = Counter(one["sessionOutcome"] for one in sessions)
    booked = outcomes["Booking"] + outcomes["Job"]
    found = world.find("schedulers", (parent,), now)
    name = found.state(now)["name"] if found else ""
    given = dict.fromkeys(_COUNTS, 0) | {
        "id": parent,
        "schedulerName": name,
        "brandName": name,
        "schedulerCompletionRate": round(booked / len(sessions), 4) if sessions else 0.0,
        "openedCompletionRate": round(booked / reached["opened"], 4) if sessions else 0.0,
        "totalCustomerContactsCaptured": reached["customer"],
        "totalJobsCreated": outcomes["Job"],
        "totalBookingsCreated": outcomes["Booking"],
        "totalAbandonedSessionsSentToLeads": outcomes["Abandoned"],
        "totalSessions": len(sessions),
        "milestoneFrequencyCount": {step: reached[step] for step in STEPS} | {"abandoned": outcomes["Abandoned"]},
    }
    return [form_of("scheduler_performance").fill(given, 0, Frame(now, world.directory))]


def router(world: World, span: Span, now: int, parent: str) -> list[Item]:
    """Sum up the sessions that a router handed to schedulers in a span."""
    sessions = _sessions(world, "router_sessions", parent, span, now)
    opened = Counter(one["schedulerId"] for one in sessions)
    return [
        {
            "id": parent,
            "openedCount": len(sessions),
            "interactedCount": sum(STEPS.index(one["lastStep"]) >= STEPS.index("interacted") for one in sessions),
            "sessionCountBySchedulerId": [
                {"schedulerId": scheduler, "openedCount": count} for scheduler, count in sorted(opened.items())
            ],
        }
    ]
