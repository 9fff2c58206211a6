"""The sandbox's time: instants as whole ticks of 100 nanoseconds, and a clock that moves on demand."""

from __future__ import annotations

import re
import time
from datetime import UTC, datetime

# The API's stamps have up to seven fractional digits: one tick is the last of them.
SECOND = 10_000_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FRACTION = re.compile(r"(?<=:\d\d)[.,](\d+)")


def ticks(text: str) -> int:
    """Read a date or an instant in ISO 8601; without a zone it is UTC."""
    # A plus sign that was not URL-encoded arrives as a space.
    moment = text.strip().replace(" ", "+")
    fraction = _FRACTION.search(moment)
    parsed = datetime.fromisoformat(_FRACTION.sub("", moment))
    elapsed = (parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)) - _EPOCH
    below = int(fraction[1][:7].ljust(7, "0")) if fraction else 0
    return (elapsed.days * 86_400 + elapsed.seconds) * SECOND + below


def iso(moment: int) -> str:
    """Write an instant as the API does: UTC, with as many fractional digits as it needs."""
    whole, below = divmod(moment, SECOND)
    stamp = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(whole))
    return f"{stamp}.{below:07d}".rstrip("0") + "Z" if below else f"{stamp}Z"


def day_of(moment: int) -> str:
    """Write the day an instant lies in."""
    return time.strftime("%Y-%m-%d", time.gmtime(moment // SECOND))


class Clock:
    """Stands still unless it is set to run; never moves back."""

    def __init__(self, at: int, *, running: bool = False) -> None:
        """Set the clock, and let it run or stand."""
        self._at = at
        self._since = time.monotonic() if running else None

    @property
    def now(self) -> int:
        """The instant it is."""
        if self._since is not None:
            passed = time.monotonic()
            self._at += int((passed - self._since) * SECOND)
            self._since = passed
        return self._at

    def move_to(self, at: int) -> None:
        """Move forward to an instant."""
        if at < self.now:
            msg = f"the sandbox's clock stands at {iso(self._at)} and cannot move back to {iso(at)}"
            raise ValueError(msg)
        self._at = at

    def tick(self) -> int:
        """Move on by the smallest step, so that what happens now comes after all that was seen before."""
        return self.advance(1)

    def advance(self, by: int) -> int:
        """Move forward by some ticks; return the new instant."""
        if by < 0:
            msg = f"the sandbox's clock cannot move back, by {by / SECOND} seconds"
            raise ValueError(msg)
        self._at = self.now + by
        return self._at
