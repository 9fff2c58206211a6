"""What the requests of a stream came to: how many, how large, how long, and how long they were held back."""

from __future__ import annotations

import contextlib
import dataclasses
import time
from collections import deque
from http import HTTPStatus
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tap_servicetitan.api.replies import Reply


@dataclasses.dataclass(frozen=True, slots=True)
class Sent:
    """A request that was sent."""

    endpoint: str
    seconds: float
    status: int | None
    """None if the connection broke."""

    @property
    def succeeded(self) -> bool:
        """Whether the API served it."""
        return self.status is not None and self.status < HTTPStatus.BAD_REQUEST


@dataclasses.dataclass(slots=True)
class Usage:
    """The requests of one stream."""

    requests: int = 0
    """Each try counted."""
    failed: int = 0
    size: int = 0
    """Bytes of all bodies."""
    seconds: float = 0.0
    """Spent between sending a request and the end of its body."""
    waited: float = 0.0
    """Seconds spent before a request could be sent: for limits, and between tries."""
    _reading: float = 0.0
    recent: deque[Sent] = dataclasses.field(default_factory=lambda: deque(maxlen=10_000))
    """Requests that nobody has taken note of."""

    @contextlib.contextmanager
    def fetching(self) -> Iterator[None]:
        """Count the time of a fetch, with all its tries, that is neither sending nor reading."""
        began, before = time.monotonic(), self.seconds + self._reading
        try:
            yield
        finally:
            busy = self.seconds + self._reading - before
            self.waited += max(0.0, time.monotonic() - began - busy)

    @contextlib.contextmanager
    def reading(self) -> Iterator[None]:
        """Count the time that it takes to read a body."""
        began = time.monotonic()
        try:
            yield
        finally:
            self._reading += time.monotonic() - began

    @contextlib.contextmanager
    def sending(self, endpoint: str) -> Iterator[list[Reply]]:
        """Count a request; its response is put into what this yields."""
        self.requests += 1
        replies: list[Reply] = []
        began = time.monotonic()
        try:
            yield replies
        finally:
            status = replies[0].status if replies else None
            sent = Sent(endpoint, time.monotonic() - began, status)
            self.size += sum(len(one.body) for one in replies)
            self.seconds += sent.seconds
            self.failed += not sent.succeeded
            self.recent.append(sent)
