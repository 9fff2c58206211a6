"""Whom to talk to: notes on customers, contacts of their own with ways to reach them, whom they like best."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tap_servicetitan.sandbox.catalogue import NOTES, PREFERENCES, pools
from tap_servicetitan.sandbox.clock import DAY, HOUR, MINUTE
from tap_servicetitan.sandbox.directory import id_of
from tap_servicetitan.sandbox.draw import mix, one_of

if TYPE_CHECKING:
    from tap_servicetitan.sandbox.world import Row, World

_NOTED_ONCE_IN = 3
_TITLES = ("Owner", "Tenant", "Property Manager", "Accounts Payable")
_KINDS = ("MobilePhone", "Email", "Phone")


def customer_notes(world: World, row: Row) -> None:
    """Write notes on a customer."""
    _notes(world, row, "customer_notes", "customerId")


def location_notes(world: World, row: Row) -> None:
    """Write notes on a location."""
    _notes(world, row, "location_notes", "locationId")


def lead_notes(world: World, row: Row) -> None:
    """Write notes on a lead."""
    _notes(world, row, "lead_notes", "leadId")


def _notes(world: World, about: Row, stream: str, field: str) -> None:
    """Write none or a few; some later, and some are edited: what they are about does not change with them."""
    draw = mix(about.seed, len(stream))
    if draw % _NOTED_ONCE_IN:
        return
    for place in range(1 + draw // 7 % 3):
        turn = mix(draw, place)
        at = about.created + turn % (150 * DAY if place else HOUR) + MINUTE
        facts: dict[str, Any] = {field: about.id, "text": one_of(NOTES, turn >> 8), "isPinned": turn % 9 == 0}
        note = world.add(stream, at, facts | {"createdById": world.directory.user(turn >> 20)})
        if place == 1:
            world.change(note, at + DAY + turn % (60 * DAY), {"text": one_of(NOTES, turn >> 30)})


def prefer(world: World, row: Row) -> None:
    """Note whom a location likes best; most have said nobody."""
    draw = mix(row.seed, 5)
    somebody = world.directory.pick("technicians", draw >> 8) if draw % 3 == 0 else None
    liked = world.add("location_preferred_technicians", row.created, {"technicianId": somebody, "locationId": row.id})
    if draw % 7 == 0:
        changed = row.created + 200 * DAY + draw % (700 * DAY)
        world.change(liked, changed, {"technicianId": world.directory.pick("technicians", draw >> 16)})


def meet(world: World, row: Row) -> None:
    """Take on a contact of a customer."""
    draw = mix(row.seed, 6)
    if draw % 4 == 0:
        return
    user = world.directory.user(draw >> 9)
    facts = {
        "name": f"{one_of(pools().first_names, draw >> 5)} {one_of(pools().last_names, draw >> 25)}",
        "title": one_of(_TITLES, draw >> 3),
        "referenceId": None,
        "isArchived": False,
        "createdBy": user,
        "modifiedBy": user,
        "_customer": row.id,
    }
    contact = world.add("contacts", row.created + 10 * MINUTE, facts)
    if contact.number % 9 == 4:  # noqa: PLR2004 - a rate
        world.change(contact, row.created + 40 * DAY + draw % (300 * DAY), {"isArchived": True})


def relate(world: World, row: Row) -> None:
    """Tie a contact to its customer, and some to a second one."""
    facts = {"contactId": row.shown_id, "relatedEntityId": row.facts["_customer"], "createdBy": row.facts["createdBy"]}
    facts |= {"typeName": "Customer", "typeSlug": "customer"}
    world.add("contact_relationships", row.created + MINUTE, facts)
    if row.number % 6 == 5:  # noqa: PLR2004 - a rate
        other = id_of("customers", max(0, row.number // 2))
        world.add("contact_relationships", row.created + 9 * DAY, facts | {"relatedEntityId": other})


def reach(world: World, row: Row) -> None:
    """Note how a contact can be reached, and what it wants to hear about."""
    draw = mix(row.seed, 8)
    for place, kind in enumerate(_KINDS[: 1 + draw % 3]):
        facts = {
            "contactId": row.shown_id,
            "type": kind,
            "value": _value(kind, row.facts["name"], draw >> place),
            "referenceId": None,
            "memo": None,
            "createdBy": row.facts["createdBy"],
            "modifiedBy": row.facts["createdBy"],
        }
        method = world.add("contact_methods", row.created + place * MINUTE, facts)
        for name, kinds in PREFERENCES:
            if mix(method.seed, len(name)) % 3 == 0:
                wish = {"name": name, "dataType": kinds, "value": str(bool(draw & 1)).lower()}
                under = {"contactId": row.shown_id, "contactMethodId": method.shown_id}
                world.add("contact_method_preferences", method.created + HOUR, wish | under)


def _value(kind: str, name: str, draw: int) -> str:
    if kind == "Email":
        return f"{name.lower().replace(' ', '.')}@example.com"
    return f"(984) 555-{draw % 10_000:04d}"


def booking_contacts(world: World, row: Row) -> None:
    """Note how somebody who booked online can be reached."""
    draw = mix(row.seed, 9)
    for place, kind in enumerate(("Phone", "Email")[: draw % 3]):
        facts = {"bookingId": row.id, "type": kind, "value": _value(kind, str(row.facts["name"]), draw), "memo": ""}
        world.add("booking_contacts", row.created + place, facts)
