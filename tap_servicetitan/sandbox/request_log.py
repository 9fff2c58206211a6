"""A log of the requests, for tests to look at."""

from __future__ import annotations

import dataclasses
import time
from typing import Any


@dataclasses.dataclass(slots=True)
class Request:
    """One request and how it was answered."""

    method: str
    path: str
    query: dict[str, str]
    """The parameters, from the query or from a body of JSON."""
    stream: str | None
    at: str
    """The instant on the sandbox's clock."""
    began: float = dataclasses.field(default_factory=time.monotonic)
    """Seconds of a real clock, to tell which requests overlapped."""
    ended: float | None = None
    status: int = 0
    """Zero where the connection was cut before there was one."""


class RequestLog:
    """The requests since the log was last emptied."""

    def __init__(self) -> None:
        """Begin empty."""
        self._requests: list[Request] = []

    def add(self, request: Request) -> None:
        """Enter a request as it comes in."""
        self._requests.append(request)

    def forget(self) -> None:
        """Empty the log."""
        self._requests.clear()

    def listed(self) -> list[dict[str, Any]]:
        """List the requests in the order they came in."""
        return [dataclasses.asdict(request) for request in self._requests]
