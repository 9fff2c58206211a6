"""How often a report may run, and how much one run may cover."""

from __future__ import annotations

import math
import time


class Limits:
    """The limits of reports; they have nothing to do with those of other endpoints."""

    def __init__(self, interval: float | None) -> None:
        """Set how many seconds lie between two runs of a report; None lets it run at any time."""
        self.interval = interval
        self.days: int | None = None
        """How many days may be requested synchronously before the server gives up, 0 for none; None for any number."""
        self.by_description = False
        """Whether a report takes parameters only with the access token that it was described with."""
        self._last: dict[int, float] = {}
        self._described: dict[int, str] = {}

    def wait(self, report: int) -> int | None:
        """Count a run of a report, unless it comes too early; then return the seconds to wait."""
        now = time.monotonic()
        left = self._last.get(report, -math.inf) + (self.interval or 0.0) - now
        if left > 0:
            return math.ceil(left)
        self._last[report] = now
        return None

    def describe(self, report: int, authorization: str) -> None:
        """Remember with which access token a report was described last."""
        self._described[report] = authorization

    def takes_parameters(self, report: int, authorization: str) -> bool:
        """Return whether a report takes parameters with this access token."""
        return not self.by_description or self._described.get(report) == authorization
