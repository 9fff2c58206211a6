"""How often a report may run."""

from __future__ import annotations

import collections
import math
import threading
import time
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from collections.abc import Callable

    from pyrate_limiter import InMemoryBucket


class Turns:
    """Lets each report run so often in a minute: the API's limit, which counts every page and every try."""

    def __init__(
        self,
        per_minute: float,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], object] = time.sleep,
    ) -> None:
        """Begin with no runs."""
        # Here, as in `Client`: most tenants have no report.
        from pyrate_limiter import Duration, InMemoryBucket, Rate, RateItem  # noqa: PLC0415 - see above

        # One in 2 minutes, where half a run is allowed in one.
        burst = max(1, int(per_minute))
        rate = Rate(burst, math.ceil(Duration.MINUTE * burst / per_minute))
        self._clock, self._sleep, self._run = clock, sleep, RateItem
        self._runs: dict[int, InMemoryBucket] = collections.defaultdict(lambda: InMemoryBucket([rate]))
        self._locks: dict[int, threading.Lock] = collections.defaultdict(threading.Lock)

    def take(self, report: int, announce: Callable[[float], None]) -> None:
        """Wait for a report's turn; what is announced is the number of seconds."""
        with self._locks[report]:
            runs = self._runs[report]
            runs.leak(self._now())
            if not runs.put(run := self._run(str(report), self._now())):
                wait = cast("int", runs.waiting(run))
                announce(wait / 1_000)
                self._sleep(wait / 1_000)
                runs.put(self._run(str(report), max(self._now(), run.timestamp + wait)))

    def give_back(self, report: int) -> None:
        """Undo the last turn that a report took: it did not run."""
        with self._locks[report]:
            if self._runs[report].items:
                self._runs[report].items.pop()

    def _now(self) -> int:
        """Tell the time in milliseconds, as the limiter counts."""
        return int(self._clock() * 1_000)
