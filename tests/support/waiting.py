"""Waiting for something that another process does."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any
from unittest import mock

from tap_servicetitan.reports.turns import Turns

if TYPE_CHECKING:
    from collections.abc import Callable


def until(holds: Callable[[], object]) -> None:
    """Wait until something holds, at the longest for a minute."""
    deadline = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < deadline, "it does not happen"
        time.sleep(0.05)


class OwnClock:
    """A clock that only waits move, so that no announced wait depends on how fast the machine is."""

    def __init__(self, pace: float = 0) -> None:
        """Let a second of a wait really take so many seconds."""
        self.now, self._pace = 0.0, pace

    def sleep(self, seconds: float) -> None:
        """Wait."""
        self.now += seconds
        time.sleep(seconds * self._pace)

    def of_turns(self) -> Any:  # noqa: ANN401 - a patch of `mock`
        """Let the turns of reports go by this clock."""
        made = lambda per_minute, **_options: Turns(per_minute, lambda: self.now, self.sleep)  # noqa: E731 - in one line
        return mock.patch("tap_servicetitan.reports.runs.Turns", made)
