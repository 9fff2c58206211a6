"""What every reader gets: the client, the settings and the log."""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import threading
from typing import TYPE_CHECKING

from tap_servicetitan.api.client import Client

if TYPE_CHECKING:
    import logging
    from collections.abc import Iterator
    from datetime import datetime

    from tap_servicetitan.settings.settings import Settings


@dataclasses.dataclass(frozen=True)
class Session:
    """One tenant, as it is read in one run."""

    settings: Settings
    logger: logging.Logger
    stopping: threading.Event = dataclasses.field(default_factory=threading.Event)
    """Set when the run is to end: whoever waits for something long gives up."""
    waits: dict[str, str] = dataclasses.field(default_factory=dict)
    """What streams are waiting for, by stream."""

    @functools.cached_property
    def client(self) -> Client:
        """The way to the API that all streams share."""
        return Client(self.settings, self.logger)

    @contextlib.contextmanager
    def waiting(self, stream: str, what: str) -> Iterator[None]:
        """Let the progress of the run say what a stream waits for."""
        self.waits[stream] = what
        try:
            yield
        finally:
            self.waits.pop(stream, None)

    @property
    def tenant_id(self) -> str:
        """The tenant whose rows are read."""
        return self.settings.tenant_id

    def now(self) -> datetime:
        """Tell the time by the API's clock."""
        return self.client.now()
