"""What all parts of the business share: the world they write to, and who its customers are."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

from tap_servicetitan.sandbox.draw import mix
from tap_servicetitan.sandbox.rows import Cents

if TYPE_CHECKING:
    from random import Random

    from tap_servicetitan.sandbox.world import Row, World


@dataclasses.dataclass(slots=True, eq=False)
class Client:
    """A customer with its locations."""

    row: Row
    name: str
    locations: list[Row]
    membership: Row | None = None


@dataclasses.dataclass(slots=True, eq=False)
class Shop:
    """The contractor."""

    world: World
    clients: list[Client] = dataclasses.field(default_factory=list)
    projects: list[Row] = dataclasses.field(default_factory=list)
    jobs: int = 0
    welcomed: int = 0

    def technician(self, draw: int) -> int:
        """Return the number of a technician."""
        return draw % self.world.directory.sizes["technicians"]

    def technician_id(self, draw: int) -> int:
        """Return the id of a technician."""
        return self.world.directory.pick("technicians", draw)


@dataclasses.dataclass(slots=True, eq=False)
class Job:
    """A job while its life is being written."""

    number: int
    row: Row
    client: Client
    location: Row
    rng: Random
    booked: int
    unit: int
    technicians: list[int]
    history: Row
    """The job's row in the stream of histories."""
    begins: int = 0
    ends: int = 0
    opened: Row | None = None

    @property
    def invoice(self) -> Row:
        """The invoice that the job has from its booking on."""
        if self.opened is None:
            msg = f"job {self.number} has no invoice yet"
            raise LookupError(msg)
        return self.opened

    def every(self, times: int, offset: int = 0) -> bool:
        """Return whether this is one of every so many jobs: by count, so that small tenants have some of everything."""
        return self.number % times == offset

    def draw(self, about: int) -> int:
        """Draw a number that concerns this job."""
        return mix(self.row.seed, about)

    @property
    def refers(self) -> dict[str, Any]:
        """The job as other rows refer to it."""
        return {"jobId": self.row.id}


@dataclasses.dataclass(frozen=True, slots=True, eq=False)
class Visit:
    """An appointment as it really went."""

    appointment: Row
    sent: int
    arrived: int
    done: int


def money(cents: float) -> Cents:
    """Round to whole cents."""
    return Cents(round(cents))
