"""Dates and times that somebody typed: they are whole days, or quarters of an hour."""

from __future__ import annotations

from tap_servicetitan.sandbox.clock import DAY, HOUR, MINUTE

OFFSET = -5 * HOUR
"""The tenant's own time, without summer time."""

_DAYS = frozenset({"date", "followUpOn", "installedOn", "requiredOn"})
_DAY_ENDINGS = ("Date", "WarrantyEnd", "WarrantyStart")
# These end like the others, and are taken from a clock.
_CLOCKED = frozenset(
    {"completedDate", "dispatchedDate", "lastCheckinDate", "pickedDate", "publishDate", "receivedDate"}
)
_TIMES = frozenset({
    "arrivalWindowEnd", "arrivalWindowStart", "completeBy", "dueDateTime", "end", "start", "timeslotEnd",
    "timeslotStart",
})  # fmt: skip


def as_typed(name: str, moment: int) -> int:
    """Cut an instant short where a field of this name has what somebody typed."""
    if name in _CLOCKED or moment % DAY == 0:
        return moment
    if name in _DAYS or name.endswith(_DAY_ENDINGS):
        return (moment + OFFSET) // DAY * DAY
    return moment // (15 * MINUTE) * (15 * MINUTE) if name in _TIMES else moment
