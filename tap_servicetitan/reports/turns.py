"""How often a report may run."""

from __future__ import annotations

import collections
import threading
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

MINUTE = 60.0


class Turns:
    """Lets each report run so often in a minute: the API's limit, which counts every page and every try."""

    def __init__(
        self,
        per_minute: float,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], object] = time.sleep,
    ) -> None:
        """Begin with no runs."""
        # One in 2 minutes, where half a run is allowed in one.
        self._burst = max(1, int(per_minute))
        self._span = MINUTE * self._burst / per_minute
        self._clock, self._sleep = clock, sleep
        self._runs: dict[int, collections.deque[float]] = collections.defaultdict(collections.deque)
        self._locks: dict[int, threading.Lock] = collections.defaultdict(threading.Lock)

    def take(self, report: int, announce: Callable[[float], None]) -> None:
        """Wait for a report's turn; what is announced is the number of seconds."""
        with self._locks[report]:
            runs = self._runs[report]
            if len(runs) >= self._burst:
                wait = runs.popleft() + self._span - self._clock()
                if wait > 0:
                    announce(wait)
                    self._sleep(wait)
            runs.append(self._clock())

    def give_back(self, report: int) -> None:
        """Undo the last turn that a report took: it did not run."""
        with self._locks[report]:
            if self._runs[report]:
                self._runs[report].pop()
