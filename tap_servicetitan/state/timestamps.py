"""The API's time stamps: compared and moved without losing digits.

Stamps are UTC with up to seven fractional digits, sometimes without a zone, now and then with an
offset (seen on live tenants); Python's datetime keeps six digits.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import timedelta

_STAMP = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(\.\d+)?(Z|[+-]\d\d:\d\d)?")
_DATE_TIME = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:?\d\d)?", re.ASCII)
_SECONDS = len("2026-11-01T11:38:22")


def sortable(stamp: str | None) -> str | None:
    """Write a stamp so that texts compare as times do; None if it is no stamp."""
    found = _STAMP.fullmatch(stamp) if stamp else None
    if found is None:
        moment = parse(stamp) if stamp else None
        return moment.isoformat()[: -len("+00:00")] if moment else None
    seconds, fraction, zone = found.groups()
    if zone and zone != "Z":
        # Only the seconds: Python would drop the seventh digit.
        moment = parse(seconds + zone)
        seconds = moment.isoformat()[:_SECONDS] if moment else None
    return seconds and seconds + (fraction or "").rstrip("0").rstrip(".")


def parse(stamp: str) -> datetime | None:
    """Read a date or a date-time, taken as UTC where it names no zone; None if it is neither."""
    try:
        moment = datetime.fromisoformat(stamp.strip())
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None


def utc(stamp: str) -> str | None:
    """Write a date-time in UTC with Z, with all digits of its second; None if it is none, or stands for none."""
    found = _DATE_TIME.fullmatch(stamp)
    # Python takes no small z.
    moment = parse(stamp.upper())
    # The API sends the first midnight of all for "none": no column takes it, or databases store another time.
    if moment is None or (moment.year, moment.month, moment.day) == (1, 1, 1):
        return None
    fraction = (found[1] or "") if found else ""
    digits = fraction or (f".{moment.microsecond:06d}" if moment.microsecond else "")
    return moment.replace(tzinfo=None, microsecond=0).isoformat() + digits + "Z"


def latest(stamps: Iterable[str | None]) -> str | None:
    """Give the latest of some stamps, as it was written; what is no stamp does not count."""
    known = ((text, stamp) for stamp in stamps if (text := sortable(stamp)) is not None)
    return max(known, default=(None, None))[1]


def minus(stamp: str, span: timedelta) -> str | None:
    """Go back from a stamp, to the second below; sortable. None if there is no such time."""
    text = sortable(stamp)
    moment = parse(text[:_SECONDS]) if text else None
    try:
        return (moment - span).isoformat()[:_SECONDS] if moment else None
    except OverflowError:
        return None


def as_parameter(moment: datetime) -> str:
    """Write a time as the API takes it everywhere (one endpoint rejects +00:00, seen on a live tenant)."""
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="seconds") + "Z"
