"""What follows from a row of the business: rows of other streams that are about it."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from tap_servicetitan.sandbox.business import books, crew, expenses, paper, people, plans, purchases

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tap_servicetitan.sandbox.world import Row, World

FollowUp: TypeAlias = "Callable[[World, Row], None]"

_FOLLOW_UPS: Mapping[str, tuple[FollowUp, ...]] = {
    "bookings": (people.booking_contacts,),
    "contacts": (people.reach, people.relate),
    "customers": (people.customer_notes, people.meet),
    "estimates": (plans.items, plans.status_changes),
    "installed_equipment": (paper.find,),
    "inventory_bills": (purchases.receive, purchases.owe, expenses.spend),
    "invoices": (paper.invoice_tasks, books.credit),
    "jobs": (paper.booked, paper.attach, paper.submit, paper.review, paper.assign, purchases.request),
    "leads": (people.lead_notes,),
    "locations": (people.location_notes, people.prefer, crew.rate),
    "payments": (books.collect,),
    "projects": (plans.break_down,),
    "returns": (purchases.credit,),
}


class Aftermath:
    """Adds what follows from each row of the business, once."""

    def __init__(self, world: World) -> None:
        """Begin with the first row of each stream."""
        self._world = world
        self._done = dict.fromkeys(_FOLLOW_UPS, 0)

    def catch_up(self) -> None:
        """Add what follows from the rows that the business has made since the last time."""
        for stream, follow_ups in _FOLLOW_UPS.items():
            rows = self._world.born(stream)
            for row in rows[self._done[stream] :]:
                for add in follow_ups:
                    add(self._world, row)
            self._done[stream] = len(rows)
