"""Customers: where they live, how to reach them, and what they have agreed to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tap_servicetitan.sandbox.business.shop import Client, Shop, money
from tap_servicetitan.sandbox.catalogue import CITIES, MAKERS, NAMES, pools
from tap_servicetitan.sandbox.clock import DAY, HOUR, MINUTE, day_of
from tap_servicetitan.sandbox.directory import id_of
from tap_servicetitan.sandbox.draw import dice, one_of
from tap_servicetitan.sandbox.pricebook import equipment_type, price_of, sku_name

if TYPE_CHECKING:
    from random import Random

    from tap_servicetitan.sandbox.world import Row

YEAR = 365 * DAY

_TWO_LOCATIONS_ONCE_IN = 10
_COMMERCIAL_ONCE_IN = 8
_SYSTEM_ONCE_IN = 4
_SHARED_CONTACT_ONCE_IN = 15
_MEMBER_ONCE_IN = 4


def welcome(shop: Shop, at: int) -> Client:
    """Take on a new customer."""
    number = shop.welcomed
    shop.welcomed += 1
    rng = dice(shop.world.seed, "customer", number)
    commercial = number % _COMMERCIAL_ONCE_IN == 0
    people = f"{rng.choice(pools().first_names)} {rng.choice(pools().last_names)}"
    name = rng.choice(pools().companies) if commercial else people
    home = _address(rng)
    facts = {
        "name": name,
        "type": "Commercial" if commercial else "Residential",
        "address": home,
        "balance": money(0),
        "creditLimit": None,
        "creditLimitBalance": None,
        "mergedToId": None,
        "doNotService": False,
    }
    client = Client(shop.world.add("customers", at, facts), name, [])
    shop.clients.append(client)
    for place in range(2 if number % _TWO_LOCATIONS_ONCE_IN == 0 else 1):
        _locate(shop, client, at, home if place == 0 else _address(rng), rng)
    _contacts(shop, client, at, rng)
    if number % _MEMBER_ONCE_IN == 1:
        _join(shop, client, at + rng.randrange(HOUR, 30 * DAY), rng)
    return client


def _address(rng: Random) -> dict[str, Any]:
    return {
        "street": rng.choice(pools().streets),
        "unit": None,
        "city": rng.choice(CITIES),
        "state": "NC",
        "zip": str(rng.randrange(27_501, 27_616)),
        "country": "USA",
    }


def _locate(shop: Shop, client: Client, at: int, address: dict[str, Any], rng: Random) -> None:
    facts = {"customerId": client.row.id, "name": client.name, "address": address, "mergedToId": None}
    location = shop.world.add("locations", at, facts)
    client.locations.append(location)
    if rng.random() < 0.8:  # noqa: PLR2004 - four homes in five have something on file
        install(shop, client, location, at + MINUTE, {})


def install(shop: Shop, client: Client, location: Row, at: int, given: dict[str, Any]) -> Row:
    """Put a piece of equipment on file at a location."""
    draw = location.seed >> 7
    sku = draw % shop.world.directory.sizes["equipment"]
    kind = equipment_type(sku)
    facts: dict[str, Any] = {
        "equipmentId": id_of("equipment", sku),
        "locationId": location.id,
        "customerId": client.row.id,
        "invoiceItemId": None,
        "name": sku_name("equipment", sku),
        "type": {"id": id_of("equipment_types", kind), "name": NAMES["equipment_types"][kind]},
        "manufacturer": one_of(MAKERS, draw),
        "model": f"{one_of(MAKERS, draw)[:2].upper()}-{draw % 9_000 + 1_000}",
        "installedOn": at,
        "status": "Installed",
        "cost": money(price_of("equipment", sku) * 0.6),
        "actualReplacementDate": None,
        "tags": [],
    }
    return shop.world.add("installed_equipment", at, facts | _system(shop, location, at) | given)


def _system(shop: Shop, location: Row, at: int) -> dict[str, Any]:
    """Make the equipment of some locations a part of a system."""
    if location.number % _SYSTEM_ONCE_IN:
        return {"systemId": None, "parent": None}
    user = shop.world.directory.user(location.number)
    given = {"locationId": location.id, "name": "Comfort system", "tags": [], "createdBy": user, "modifiedBy": user}
    system = shop.world.add("equipment_systems", at, given)
    return {"systemId": system.id, "parent": {"id": system.id, "type": "System"}}


def _contacts(shop: Shop, client: Client, at: int, rng: Random) -> None:
    for kind in ("MobilePhone", "Email", "Phone")[: 1 + rng.randrange(3)]:
        contact: dict[str, Any] = {"type": kind, "value": _reached_by(kind, client.name, rng)}
        contact |= {"phoneSettings": {"phoneNumber": contact["value"] if kind != "Email" else "", "doNotText": False}}
        row = shop.world.add("customer_contacts", at, contact | {"customerId": client.row.id})
        for location in client.locations:
            # The same person, so the same contact: its id stands under the customer and under each location.
            shop.world.add("location_contacts", at, contact | {"id": row.id, "locationId": location.id})
        if len(shop.clients) % _SHARED_CONTACT_ONCE_IN == 0:
            # A property manager is the contact of several customers.
            other = shop.clients[rng.randrange(len(shop.clients) - 1)]
            shop.world.add("customer_contacts", at, contact | {"id": row.id, "customerId": other.row.id})
            break


def _reached_by(kind: str, name: str, rng: Random) -> str:
    if kind == "Email":
        return f"{name.lower().replace(' ', '.').replace(',', '')}@example.com"
    return f"({rng.choice((919, 984))}) 555-{rng.randrange(10_000):04d}"


def _join(shop: Shop, client: Client, at: int, rng: Random) -> None:
    kind = rng.randrange(len(NAMES["membership_types"]))
    location = client.locations[0]
    user = shop.world.directory.user(rng.getrandbits(32))
    facts: dict[str, Any] = {
        "membershipTypeId": id_of("membership_types", kind),
        "customerId": client.row.id,
        "locationId": location.id,
        "recurringLocationId": location.id,
        "businessUnitId": id_of("business_units", kind),
        "from": at // DAY * DAY,
        "to": at // DAY * DAY + YEAR,
        "status": "Active",
        "followUpStatus": "NotAttempted",
        "duration": 12,
        "billingFrequency": rng.choice(("Monthly", "Annual")),
        "cancellationDate": None,
        "followUpOn": at + YEAR - 30 * DAY,
        "soldById": user,
        "activatedById": user,
    }
    membership = shop.world.add("memberships", at, facts)
    client.membership = membership
    _end_membership(shop, membership, at, rng)
    _recur(shop, client, membership, at, rng)


def _end_membership(shop: Shop, membership: Row, at: int, rng: Random) -> None:
    chance = rng.random()
    if chance < 0.15:  # noqa: PLR2004 - one in seven cancels
        ends, status = at + rng.randrange(40 * DAY, 300 * DAY), "Canceled"
        shop.world.change(membership, ends, {"status": status, "active": False, "cancellationDate": ends})
    else:
        renewed = membership.facts["to"]
        ends, status = renewed + YEAR, "Expired"
        shop.world.change(membership, renewed - rng.randrange(20 * DAY), {"to": ends, "followUpStatus": "Won"})
        shop.world.change(membership, ends, {"status": status})
    change = {"membershipId": membership.id, "oldStatus": "Active", "newStatus": status}
    shop.world.add("membership_status_changes", ends, change)


def _recur(shop: Shop, client: Client, membership: Row, at: int, rng: Random) -> None:
    kind = rng.randrange(len(NAMES["recurring_service_types"]))
    name = NAMES["recurring_service_types"][kind]
    facts = {
        "name": name,
        "membershipId": membership.id,
        "locationId": client.locations[0].id,
        "recurringServiceTypeId": id_of("recurring_service_types", kind),
        "from": at,
        "to": at + YEAR,
        "recurrenceMonths": ["April"] if kind % 2 else ["October"],
        "recurrenceType": "Seasonal",
        "recurrenceInterval": 1,
        "jobStartTime": "08:00:00",
        "estimatedPayrollCost": None,
    }
    service = shop.world.add("recurring_services", at + MINUTE, facts)
    for visit in range(2):
        event = {
            "locationRecurringServiceId": service.id,
            "locationRecurringServiceName": name,
            "membershipId": membership.id,
            "membershipName": NAMES["membership_types"][membership.number % len(NAMES["membership_types"])],
            "status": "NotAttempted",
            "date": at + (90 + 180 * visit) * DAY,
        }
        row = shop.world.add("recurring_service_events", at + MINUTE, event)
        contacted = at + (60 + 180 * visit + rng.randrange(20)) * DAY + rng.randrange(12 * HOUR)
        shop.world.change(row, contacted, {"status": rng.choice(("Contacted", "Won", "Unreachable", "Dismissed"))})


def merge(shop: Shop, rng: Random, at: int) -> None:
    """Fold a customer that was entered twice into another; its rows keep referring to it."""
    lost = shop.clients.pop(rng.randrange(len(shop.clients)))
    kept = rng.choice(shop.clients)
    shop.world.change(lost.row, at, {"active": False, "mergedToId": kept.row.id})
    for location in lost.locations:
        shop.world.change(location, at, {"active": False, "mergedToId": kept.locations[0].id})


def agree(shop: Shop, client: Client, at: int, rng: Random) -> None:
    """Sign a service agreement."""
    template = {"originalTemplateId": 1_000 + rng.randrange(9), "billingScheduleType": "Annual"}
    facts = {
        "name": f"Maintenance - {client.name}",
        "customerId": client.row.id,
        "businessUnitId": id_of("business_units", 6),
        "status": "Sent",
        "locationIds": [location.id for location in client.locations],
        "templateFields": template,
        "renewalAgreementId": None,
        "durationMonths": 12,
        "startDate": day_of(at),
        "endDate": day_of(at + YEAR),
        "totalAgreementPrice": money(rng.randrange(80_000, 900_000)),
    }
    agreement = shop.world.add("service_agreements", at, facts)
    shop.world.change(agreement, at + rng.randrange(2, 20) * DAY + rng.randrange(HOUR), {"status": "Accepted"})
    shop.world.change(agreement, at + 25 * DAY + rng.randrange(HOUR), {"status": "Activated"})
    shop.world.change(agreement, at + YEAR, {"status": "Expired"})
