"""What every reader gets: the client, the settings and the log."""

from __future__ import annotations

import dataclasses
import functools
from typing import TYPE_CHECKING

from tap_servicetitan.api.client import Client

if TYPE_CHECKING:
    import logging
    from datetime import datetime

    from tap_servicetitan.settings.settings import Settings


@dataclasses.dataclass(frozen=True)
class Session:
    """One tenant, as it is read in one run."""

    settings: Settings
    logger: logging.Logger

    @functools.cached_property
    def client(self) -> Client:
        """The way to the API that all streams share."""
        return Client(self.settings, self.logger)

    @property
    def tenant_id(self) -> str:
        """The tenant whose rows are read."""
        return self.settings.tenant_id

    def now(self) -> datetime:
        """Tell the time by the API's clock."""
        return self.client.now()
