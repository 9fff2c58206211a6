"""What comes in by the web: sessions of online booking, leads from advertising, what campaigns cost."""

from __future__ import annotations

import functools
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from tap_servicetitan.sandbox.business.shop import money
from tap_servicetitan.sandbox.catalogue import CITIES, NAMES, pools
from tap_servicetitan.sandbox.clock import DAY, HOUR, MINUTE, SECOND
from tap_servicetitan.sandbox.directory import ROUTERS, id_of, shown
from tap_servicetitan.sandbox.draw import mix, one_of, salt
from tap_servicetitan.sandbox.figures.online import STEPS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tap_servicetitan.sandbox.world import World

_CALL, _FORM = 1, 2
_ADVERTISED = (0, 1, 5, 10)
_LEADS_A_DAY = 8
# A lead from a form has no call.
_NOBODY: Mapping[str, Any] = dict.fromkeys(
    ("duration", "type", "source", "callerNumber", "trackingNumber", "excusedReason"), ""
) | {"id": None}


def browse(world: World, day: int, scale: float) -> None:
    """Return the sessions of a day, and the leads that advertising brought."""
    for stream, field, parents in (
        ("scheduler_sessions", "schedulerId", [shown("schedulers", one) for one in _schedulers()]),
        ("router_sessions", "routerId", list(ROUTERS)),
    ):
        for number, parent in enumerate(parents):
            for place in range(_count(world, f"{stream}{number}", day, 4 * scale)):
                _session(world, stream, {field: parent}, day, mix(day * 100 + number, place))
    for place in range(_count(world, "leads", day, _LEADS_A_DAY * scale)):
        _lead(world, day, mix(world.seed + day, place))


@functools.cache
def _schedulers() -> tuple[int, ...]:
    return tuple(id_of("schedulers", number) for number in range(len(NAMES["schedulers"])))


def _count(world: World, what: str, day: int, rate: float) -> int:
    """Turn a rate into whole events by chance."""
    draw = mix(world.seed + salt(what), day)
    return int(rate + draw % 1_000 / 1_000 + 0.2)


def _session(world: World, stream: str, parent: dict[str, Any], day: int, draw: int) -> None:
    at = day * DAY + draw % DAY
    outcome = one_of(("Booking", "Job", "Abandoned", "Abandoned", None), draw >> 7)
    last = "booked" if outcome in {"Booking", "Job"} else STEPS[(draw >> 11) % (len(STEPS) - 1)]
    facts: dict[str, Any] = {
        "lastCheckinDate": at,
        "lastStep": "opened",
        "sessionOutcome": None,
        "schedulerId": shown("schedulers", one_of(_schedulers(), draw >> 15)),
        "jobId": None,
        "bookingId": None,
        "leadId": None,
        "previousSessionId": None,
        "recurringServiceId": None,
        "customer": _visitor(draw),
        "customerResponses": [],
    }
    session = world.add(stream, at, facts | parent)
    ends = at + MINUTE + draw % (40 * MINUTE)
    world.change(session, ends, {"lastStep": last, "sessionOutcome": outcome, "lastCheckinDate": ends})
    if session.number % 7 == 3:  # noqa: PLR2004 - a rate
        again = ends + DAY + draw % (20 * DAY)
        world.change(session, again, {"notes": "Called back", "lastCheckinDate": again})


def _visitor(draw: int) -> dict[str, Any]:
    return {
        "isNewCustomer": True,
        "id": None,
        "locationId": None,
        "isNewLocation": True,
        "firstName": one_of(pools().first_names, draw),
        "lastName": one_of(pools().last_names, draw >> 9),
        "address": {"city": one_of(CITIES, draw), "state": "NC", "country": "USA"},
        "ipAddress": f"203.0.113.{draw % 254 + 1}",
        "deviceType": one_of(("mobile", "desktop"), draw >> 4),
        "isBot": False,
    }


def _lead(world: World, day: int, draw: int) -> None:
    number = one_of(_ADVERTISED, draw >> 4)
    # The first of a month has one at its very beginning, where two spans meet.
    first = datetime.fromtimestamp(day * DAY // SECOND, UTC).day == 1
    at = day * DAY + (0 if first and not world.notes.get(("attributed_leads", day)) else draw % DAY)
    calls = world.born("calls")
    call = calls[draw % len(calls)] if calls and draw % 3 else None
    if call and call.created > at:
        call = None
    caller = {"id": call.id, "duration": call.facts["duration"], "type": "Booked"} if call else _NOBODY
    facts: dict[str, Any] = {
        "dateTime": at,
        "leadType": _CALL if call else _FORM,
        "attribution": {
            "stCampaignId": id_of("campaigns", number),
            "originalCampaign": NAMES["campaigns"][number],
            "attributionOverwriteType": None,
            "attributionOverwriteId": None,
            "overwrittenBookingJobId": None,
            "utmSource": "google",
        },
        "job": {"id": None, "name": ""},
        "customer": call.facts["customer"] if call else {"id": None, "name": ""},
        "call": caller,
        "leadForm": {"leadNumber": None if call else 50_000 + draw % 10_000, "leadStatus": "New", "notes": ""},
        "booking": {"id": None},
    }
    # Some are attributed days after they came.
    lead = world.add("attributed_leads", at + HOUR + (draw % (3 * DAY) if draw % 4 == 0 else 0), facts)
    world.notes["attributed_leads", day] = lead


def budget(world: World, day: int) -> None:
    """Set what campaigns cost, on the first of each month."""
    at = datetime.fromtimestamp(day * DAY // SECOND, UTC)
    if at.day != 1 and world.born("costs"):
        return
    for place, number in enumerate(_ADVERTISED):
        cents = 2_000 + mix(world.seed + number, at.year * 12 + at.month) % 9_000
        facts = {
            "year": at.year,
            "month": at.month,
            "dailyCost": money(cents),
            "campaignId": id_of("campaigns", number),
        }
        row = world.add("costs", day * DAY + 8 * HOUR + place * MINUTE, facts)
        if place == 1:
            world.change(row, row.created + 12 * DAY, {"dailyCost": money(cents + 500)})
