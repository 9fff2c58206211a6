"""Where vehicles were and what they did: drawn anew for each day, and shown a week late."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from tap_servicetitan.sandbox.clock import DAY, HOUR
from tap_servicetitan.sandbox.draw import mix, salt
from tap_servicetitan.sandbox.frame import Frame
from tap_servicetitan.sandbox.responses import HttpError
from tap_servicetitan.sandbox.rows import form_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tap_servicetitan.sandbox.rows import Item
    from tap_servicetitan.sandbox.spans import Span
    from tap_servicetitan.sandbox.world import Row, World

DAYS = 20
"""So many days of history are there."""

DELAY = 7 * DAY
"""What is younger is not shown."""

MOST_ROWS = 10_000
"""What one query gives at the most, over all its pages."""

_MOST_VEHICLES = 50
_PER_DAY: Mapping[str, int] = {"fleet_events": 3, "fleet_gps": 8}
_KINDS = ("Ignition On", "Harsh Braking", "Ignition Off")


def requested_vins(query: Mapping[str, str], span: Span) -> frozenset[str]:
    """Read which vehicles are requested; refuse a query that is too large."""
    try:
        vins = json.loads(query["vins"])
    except (KeyError, ValueError) as error:
        raise HttpError(400) from error
    if not isinstance(vins, list) or not 1 <= len(vins) <= _MOST_VEHICLES or span.end - span.begin > DAY:
        raise HttpError(400)
    return frozenset(map(str, vins))


def positions(stream: str, world: World, span: Span, now: int, vins: frozenset[str] | None = None) -> list[Item]:
    """Return what some vehicles did in a span, all of them if none is named; a deleted one did it before that."""
    vehicles = [row for row in world.ever("fleet_vehicles", now) if vins is None or row.facts["vin"] in vins]
    first = world.start // DAY - DAYS
    last = min(span.end, now - DELAY)
    return [
        _position(stream, world, vehicle, day, turn)
        for day in range(max(first, span.begin // DAY), last // DAY + 1)
        for vehicle in vehicles
        for turn in range(_PER_DAY[stream])
        if span.begin <= _moment(stream, vehicle, day, turn) <= min(last, vehicle.deleted or last)
    ]


def _moment(stream: str, vehicle: Row, day: int, turn: int) -> int:
    step = 12 * HOUR // _PER_DAY[stream]
    return day * DAY + 11 * HOUR + turn * step + mix(vehicle.seed, day) % step


def _position(stream: str, world: World, vehicle: Row, day: int, turn: int) -> Item:
    moment = _moment(stream, vehicle, day, turn)
    draw = mix(vehicle.seed + salt(stream) + day, turn)
    place = {"latitude": round(35.6 + draw % 4_000 / 10_000, 6), "longitude": round(-79.1 + draw % 7_000 / 10_000, 6)}
    given: dict[str, Any] = {
        "id": f"{vehicle.facts['vin']}-{moment}",
        "vin": vehicle.facts["vin"],
        "vehicleName": vehicle.facts["name"],
        "driverName": vehicle.facts["driverName"],
        "location": {"location": place, "timestamp": moment},
        "eventName": _KINDS[turn % len(_KINDS)],
    }
    return form_of(stream).fill(given, draw, Frame(moment, world.directory))
