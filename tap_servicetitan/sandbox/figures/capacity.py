"""How much can still be booked: hours of the technicians of each business unit, in the days to come."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tap_servicetitan.sandbox.clock import DAY, HOUR, iso
from tap_servicetitan.sandbox.directory import id_of
from tap_servicetitan.sandbox.draw import mix, salt
from tap_servicetitan.sandbox.frame import Frame
from tap_servicetitan.sandbox.rows import Item, form_of

if TYPE_CHECKING:
    from tap_servicetitan.sandbox.spans import Span
    from tap_servicetitan.sandbox.world import World

AHEAD = 14
"""The API looks so many days ahead, and takes no longer span."""

# In UTC; the last one ends at midnight, where the next day's begin.
_FRAMES = ((12, 16), (16, 20), (20, 24))
_ZONE = -5 * HOUR
_UNITS = 6


def availabilities(world: World, span: Span, now: int) -> list[Item]:
    """Return what can still be booked in a span, by business unit and time frame."""
    found = []
    for day in range(max(span.begin, now) // DAY, span.end // DAY + 1):
        for begin, end in ((day * DAY + one * HOUR, day * DAY + other * HOUR) for one, other in _FRAMES):
            if begin > now and begin >= span.begin and end <= span.end:
                found += [_frame(world, unit, begin, end, now) for unit in range(_UNITS)]
    return found


def _frame(world: World, unit: int, begin: int, end: int, now: int) -> Item:
    draw = mix(world.seed + salt("capacity") + unit, begin)
    total = float(8 + draw % 5 * 4)
    # The nearer the day, the more is booked.
    away = (begin - now) / (AHEAD * DAY)
    free = round(min(total, total * max(0.0, away) + draw // 5 % 3), 2)
    crew = [(unit + step) % world.directory.sizes["technicians"] for step in range(2)]
    given = {
        "start": iso(begin + _ZONE),
        "end": iso(end + _ZONE),
        "startUtc": begin,
        "endUtc": end,
        "businessUnitIds": [id_of("business_units", unit)],
        "totalAvailability": total,
        "openAvailability": free,
        "technicians": [
            {"id": id_of("technicians", one), "name": world.directory.name("technicians", one), "status": "Available"}
            for one in crew
        ],
        "isAvailable": free > 0,
        "isExceedingIdealBookingPercentage": free < total / 4,
    }
    return form_of("capacities").fill(given, draw, Frame(begin, world.directory))
