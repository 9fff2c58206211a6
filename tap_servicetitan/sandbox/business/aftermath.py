"""What follows from a row of the business: rows of other streams that are about it, told once it is there."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from tap_servicetitan.sandbox.business import books, crew, paper, people, plans, purchases

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tap_servicetitan.sandbox.world import Row, World

Teller: TypeAlias = "Callable[[World, Row], None]"

_TELLERS: Mapping[str, tuple[Teller, ...]] = {
    "bookings": (people.booking_contacts,),
    "contacts": (people.reach, people.relate),
    "customers": (people.customer_notes, people.meet),
    "estimates": (plans.items, plans.status_changes),
    "installed_equipment": (paper.find,),
    "inventory_bills": (purchases.receive, purchases.owe),
    "invoices": (paper.invoice_tasks, books.credit),
    "jobs": (paper.booked, paper.attach, paper.submit, paper.review, paper.assign, purchases.request),
    "leads": (people.lead_notes,),
    "locations": (people.location_notes, people.prefer, crew.rate),
    "payments": (books.collect,),
    "projects": (plans.break_down,),
    "returns": (purchases.credit,),
}


class Aftermath:
    """Tells what follows from each row of the business, once."""

    def __init__(self, world: World) -> None:
        """Begin with the first row of each stream."""
        self._world = world
        self._told = dict.fromkeys(_TELLERS, 0)

    def tell(self) -> None:
        """Tell what follows from the rows that the business has told of since the last time."""
        for stream, tellers in _TELLERS.items():
            rows = self._world.born(stream)
            for row in rows[self._told[stream] :]:
                for teller in tellers:
                    teller(self._world, row)
            self._told[stream] = len(rows)
