"""What the campaigns need: catalogs of a few streams, small pages, a clock that does not wait, a network that fails."""

from __future__ import annotations

import contextlib
import dataclasses
import socket
import time
from typing import TYPE_CHECKING, Any
from unittest import mock

from tap_servicetitan.api import auth, client

if TYPE_CHECKING:
    from collections.abc import Iterator


PAGE = 20
"""Rows of a page, of feeds and of lists, so that a small tenant has many pages."""

CLOSED_PORT = 9
"""A port that nothing listens at."""


class Stopwatch:
    """A clock that does not wait: sleeping moves it on, and is counted."""

    def __init__(self) -> None:
        """Begin at now."""
        self.slept = 0.0

    def monotonic(self) -> float:
        """Tell the time, with all waits over."""
        return time.monotonic() + self.slept

    def sleep(self, seconds: float) -> None:
        """Let time pass at once."""
        self.slept += max(0.0, seconds)


@contextlib.contextmanager
def no_waiting() -> Iterator[Stopwatch]:
    """Let tries follow each other at once, and count the seconds that the tap would have waited."""
    watch = Stopwatch()
    clocks = [mock.patch.object(one, "time", watch) for one in (auth, client)]
    with clocks[0], clocks[1], mock.patch("backoff._sync.time", watch):
        yield watch


@dataclasses.dataclass
class Network:
    """Connections to one port that cannot be made: those after the first `skip`, so many `times`."""

    port: int
    kind: str = ""
    """``name`` where the host's name is not found, ``refused`` where nobody listens."""
    skip: int = 0
    times: int = 0

    def fail(self, kind: str, *, skip: int, times: int) -> None:
        """Let connections fail."""
        self.kind, self.skip, self.times = kind, skip, times

    @contextlib.contextmanager
    def installed(self) -> Iterator[Network]:
        """Stand between the tap and the resolver."""
        real = socket.getaddrinfo

        def found(host: Any, port: Any, *rest: Any, **more: Any) -> Any:  # noqa: ANN401 - as socket has it
            if port != self.port or not self._hits():
                return real(host, port, *rest, **more)
            if self.kind == "name":
                raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
            return real(host, CLOSED_PORT, *rest, **more)

        with mock.patch.object(socket, "getaddrinfo", found):
            yield self

    def _hits(self) -> bool:
        if self.skip > 0:
            self.skip -= 1
            return False
        self.times -= 1
        return self.times >= 0
