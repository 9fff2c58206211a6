"""How a sandbox is set up."""

from __future__ import annotations

import dataclasses
from typing import Literal


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The options of a sandbox."""

    seed: int = 1
    scale: float = 1.0
    """How large the tenant is: 1 is about 160 thousand rows."""
    at: str = "2026-11-01T12:00:00Z"
    """The instant at which the sandbox's clock starts."""
    clock: Literal["frozen", "running"] = "frozen"
    page_size: int = 1_000
    """Rows of a page of an export feed."""
    requests_per_second: int | None = 60
    """The rate limit of the tenant; None switches it off."""
    report_interval: float | None = 60.0
    """Seconds between two runs of a report; None lets it run at any time."""
    tenant_id: str = "4242"

    def times(self, count: int) -> list[Settings]:
        """Set up so many tenants: each has the next id and the next seed, so other data and other credentials."""
        return [
            dataclasses.replace(self, seed=self.seed + number, tenant_id=str(int(self.tenant_id) + number))
            for number in range(count)
        ]
