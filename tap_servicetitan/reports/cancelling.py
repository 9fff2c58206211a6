"""Cancels runs of reports that nobody waits for any more, so that they do not take the tenant's slots."""

from __future__ import annotations

import contextlib
import threading
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

LONGEST = 3.0
"""Seconds that a run is held up by cancelling: whatever comes of it, nothing depends on it."""


class Cancelling:
    """Knows which runs are waited for; each is cancelled once at the most."""

    def __init__(self, cancel: Callable[[str], None]) -> None:
        """Know of none yet; `cancel` is told a token."""
        self._cancel = cancel
        self._lock = threading.Lock()
        self._open: set[str] = set()
        self._at_work: list[threading.Thread] = []

    @contextlib.contextmanager
    def unless_done(self, token: str) -> Iterator[Callable[[], None]]:
        """Cancel a run at the end of a block, unless the block calls what it is given."""
        with self._lock:
            self._open.add(token)
        try:
            yield lambda: self._open.discard(token)
        finally:
            self._begin(token)
            self._wait()

    def close(self) -> None:
        """Cancel all runs that are waited for."""
        for token in tuple(self._open):
            self._begin(token)
        self._wait()

    def _begin(self, token: str) -> None:
        with self._lock:
            if token not in self._open:
                return
            self._open.discard(token)
            # A daemon, because nobody waits for long.
            thread = threading.Thread(target=self._cancel, args=(token,), daemon=True)
            self._at_work = [*(one for one in self._at_work if one.is_alive()), thread]
            thread.start()

    def _wait(self) -> None:
        until = time.monotonic() + LONGEST
        for thread in tuple(self._at_work):
            thread.join(max(0.0, until - time.monotonic()))
