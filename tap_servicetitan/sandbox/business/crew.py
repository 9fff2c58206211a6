"""Who works when, and for how much: shifts, other appointments, time sheets, payrolls, rates of a location."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tap_servicetitan.sandbox.business.opening import kind_of
from tap_servicetitan.sandbox.business.shop import money
from tap_servicetitan.sandbox.clock import DAY, HOUR, MINUTE
from tap_servicetitan.sandbox.directory import id_of
from tap_servicetitan.sandbox.draw import mix, one_of, salt

if TYPE_CHECKING:
    from tap_servicetitan.sandbox.world import Row, World

PERIOD = 14
"""Days of a payroll."""

_LABOR = (("Journeyman", "JRN"), ("Apprentice", "APP"))
_MEETINGS = ("Training", "Team Meeting", "Dentist", "Truck Maintenance")
# Shifts are entered where somebody does not work by the business hours.
_ROSTERED = 12


def rate(world: World, row: Row) -> None:
    """Agree on rates of a location; where one was raised, the one before stands beside it."""
    draw = mix(row.seed, 41)
    if row.number % 8 != 3:  # noqa: PLR2004 - a rate
        return
    for place, (name, code) in enumerate(_LABOR[: 1 + draw % 2]):
        facts = {"locationId": row.id, "laborTypeName": name, "laborTypeCode": code}
        old = world.add("location_rates", row.created + HOUR, facts | {"hourlyRate": money(9_000 - 2_000 * place)})
        if draw % 2 == 0 or place:
            raised = row.created + 60 * DAY + draw % (90 * DAY)
            world.change(old, raised, {"active": False})
            world.add("location_rates", raised, facts | {"hourlyRate": money(9_900 - 2_000 * place)})


def work(world: World, day: int) -> None:
    """Tell who works on a day, what else they do, and what is paid when a period ends."""
    for number in range(world.directory.sizes["technicians"]):
        draw = mix(world.seed + salt("roster") + day, number)
        if draw % _ROSTERED == 0 and day % 7 != 3:  # noqa: PLR2004 - Sunday
            _shift(world, number, day, draw)
        if draw % 23 == 5:  # noqa: PLR2004 - a rate
            _appoint(world, number, day, draw)
    for stream in ("employees", "technicians"):
        for number in range(world.directory.sizes[stream]):
            draw = mix(world.seed + salt(f"sheet.{stream}") + day, number)
            if draw % 15 == 0:
                _clock(world, stream, number, day, draw)
            if day % PERIOD == 0:
                _pay(world, stream, number, day)


def payroll_id(world: World, technician: int, at: int) -> int:
    """Name the payroll that pays a technician for work at a time; the first one pays what was done before it too."""
    first = -(-(world.start // DAY - world.history) // PERIOD)
    sizes = world.directory.sizes
    period = max(0, at // DAY // PERIOD - first)
    return id_of("payrolls", period * (sizes["employees"] + sizes["technicians"]) + sizes["employees"] + technician)


def _shift(world: World, number: int, day: int, draw: int) -> None:
    begin = (day + 7) * DAY + 12 * HOUR
    facts: dict[str, Any] = {
        "technicianId": id_of("technicians", number),
        "shiftType": one_of(("Normal", "Normal", "Normal", "OnCall", "TimeOff"), draw),
        "title": "Shift",
        "note": None,
        "start": begin,
        "end": begin + 8 * HOUR,
        "timesheetCodeId": None,
    }
    # The roster is written a week ahead.
    shift = world.add("technician_shifts", day * DAY + 14 * HOUR + number * MINUTE, facts)
    if draw % 9 == 1:
        swapped = {"note": "Swapped", "start": begin + HOUR, "end": begin + 9 * HOUR}
        world.change(shift, shift.created + DAY + draw % (5 * DAY), swapped)
    elif draw % 17 == 2:  # noqa: PLR2004 - a rate
        world.change(shift, shift.created + DAY, {"active": False})


def _appoint(world: World, number: int, day: int, draw: int) -> None:
    begin = (day + 3) * DAY + 14 * HOUR
    facts = {
        "technicianId": id_of("technicians", number),
        "timesheetCodeId": world.directory.pick("timesheet_codes", draw),
        "name": one_of(_MEETINGS, draw),
        "start": begin,
        "duration": "01:30:00",
        "allDay": False,
    }
    row = world.add("non_job_appointments", day * DAY + 15 * HOUR + number * MINUTE, facts)
    if row.number % 6 == 1:
        world.change(row, row.created + DAY, {"active": False})


def _clock(world: World, stream: str, number: int, day: int, draw: int) -> None:
    begin = day * DAY + 13 * HOUR + draw % (3 * HOUR)
    facts = {
        "employeeId": id_of(stream, number),
        "employeeType": kind_of(stream),
        "timesheetCodeId": world.directory.pick("timesheet_codes", draw >> 6),
        "startedOn": begin,
        "endedOn": None,
    }
    sheet = world.add("non_job_timesheets", begin, facts)
    world.change(sheet, begin + HOUR, {"endedOn": begin + HOUR})
    if sheet.number % 14 == 6:  # noqa: PLR2004 - a rate
        world.change(sheet, begin + DAY, {"active": False})


def _pay(world: World, stream: str, number: int, day: int) -> None:
    begin = day * DAY
    facts = {
        "employeeId": id_of(stream, number),
        "employeeType": kind_of(stream),
        "startedOn": begin,
        "endedOn": begin + PERIOD * DAY,
        "status": "Pending",
        "managerApprovedOn": None,
        "active": number % 7 != 5,  # noqa: PLR2004 - a rate
    }
    payroll = world.add("payrolls", begin + HOUR, facts)
    approved = begin + (PERIOD + 1) * DAY + payroll.seed % DAY
    world.change(payroll, approved, {"status": "Approved", "managerApprovedOn": approved})
    world.change(payroll, approved + 2 * DAY, {"status": "Paid"})
