"""What a tenant has before the sandbox's history begins: people, pricebook, settings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tap_servicetitan.sandbox.business.lists import open_lists
from tap_servicetitan.sandbox.business.settings import LISTED, setting
from tap_servicetitan.sandbox.catalogue import NAMES
from tap_servicetitan.sandbox.clock import DAY, HOUR
from tap_servicetitan.sandbox.directory import id_of, user_id
from tap_servicetitan.sandbox.draw import one_of
from tap_servicetitan.sandbox.facts import FACTS
from tap_servicetitan.sandbox.pricebook import price_of, sku_name
from tap_servicetitan.sandbox.rows import Cents

if TYPE_CHECKING:
    from collections.abc import Mapping
    from random import Random

    from tap_servicetitan.sandbox.world import Row, World

_CODES: Mapping[str, str] = {"services": "SV", "materials": "MT", "equipment": "EQ"}
# The first categories are parents of the others.
_PARENTS = 3
# Some services are not sold any more.
_RETIRED_ONCE_IN = 20
# A few people are paid elsewhere and have no payroll settings.
_WITHOUT_PAYROLL_ONCE_IN = 9


def sizes(scale: float) -> dict[str, int]:
    """Count the people and the pricebook of a tenant of a given size."""
    return {
        "employees": max(8, round(30 * scale)),
        "technicians": max(8, round(45 * scale)),
        "services": max(24, round(250 * scale)),
        "materials": max(22, round(400 * scale)),
        "equipment": max(12, round(120 * scale)),
        "keywords": max(2, round(10 * scale)),
    }


def sku_code(stream: str, number: int) -> str:
    """Return the code of an entry of the pricebook."""
    return f"{_CODES[stream]}{1_000 + number}"


def open_shop(world: World, day: int, rng: Random) -> None:
    """Make all that is there when history begins, spread over the three years before."""
    for stream in ("employees", "technicians"):
        for number in range(world.directory.sizes[stream]):
            _hire(world, stream, number, day - rng.randrange(60 * DAY, 1_000 * DAY))
    # Entered in one go when the tenant was set up: one stamp for all of them.
    imported = day - 1_100 * DAY + 9 * HOUR
    for stream in _CODES:
        for number in range(world.directory.sizes[stream]):
            recently = number % 4 == 0
            world.add(stream, day - rng.randrange(900 * DAY) if recently else imported, _sku(stream, number))
    for stream in NAMES:
        if stream in FACTS:
            for number, name in enumerate(NAMES[stream]):
                world.add(stream, imported + number // 4 * HOUR, _setting(world, stream, number, name))
    open_lists(world, imported)


def _hire(world: World, stream: str, number: int, at: int) -> Row:
    first, last = world.directory.person(stream, number)
    user = {
        "userId": user_id(stream, number),
        "name": f"{first} {last}",
        "firstName": first,
        "lastName": last,
        "loginName": f"{first}.{last}".lower(),
        "email": f"{first}.{last}@example.com".lower(),
        "startDate": at,
        "terminationDate": None,
        "hourlyRate": Cents(2_200 + number % 15 * 100),
        "accountLocked": False,
        # What a technician works on now does not follow from the rest of the data.
        "status": "Idle",
        "role": one_of(("CSR", "Dispatch", "Accounting", "GeneralOffice", "SalesManager", "Admin"), number),
    }
    person = world.add(stream, at, user)
    if number % _WITHOUT_PAYROLL_ONCE_IN:
        facts = {
            "employeeId": person.id,
            "employeeType": kind_of(stream),
            "externalPayrollId": f"P{number + 100}",
            "hourlyRate": user["hourlyRate"],
            "isIncludedInPayroll": True,
            "hireDate": at,
        }
        world.add("payroll_settings", at + HOUR, facts)
    return person


def kind_of(stream: str) -> str:
    """Name the employee type of a person by the stream it is in."""
    return "Technician" if stream == "technicians" else "Employee"


def _sku(stream: str, number: int) -> dict[str, Any]:
    price = price_of(stream, number)
    return {
        "active": stream != "services" or number % _RETIRED_ONCE_IN != _RETIRED_ONCE_IN - 1,
        "code": sku_code(stream, number),
        "displayName": sku_name(stream, number),
        "description": f"<p>{sku_name(stream, number)}, parts and labor.</p>",
        "price": Cents(price),
        "memberPrice": Cents(price * 9 // 10),
        "addOnPrice": Cents(price * 17 // 20),
        "addOnMemberPrice": Cents(price * 4 // 5),
        "cost": Cents(price * 2 // 5),
        "hours": number % 8 / 2,
    }


def _setting(world: World, stream: str, number: int, name: str) -> dict[str, Any]:
    facts: dict[str, Any] = {"name": name}
    match stream:
        case "business_units":
            facts |= {"officialName": f"{name} LLC", "currency": "USD"}
        case "pricebook_categories":
            facts |= _category(number)
        case "membership_types":
            facts |= {"displayName": name, "recurringServices": [_included(number)], "discounts": []}
        case "invoice_templates":
            facts |= _template(world, number)
        case _ if stream in LISTED:
            facts |= setting(world, stream, number, name)
        case "tag_types" | "activity_codes" | "timesheet_codes" | "activity_types":
            facts |= {"code": "".join(word[0] for word in name.split()) + str(number + 1), "description": name}
    return facts


def _category(number: int) -> dict[str, Any]:
    def parent_of(child: int) -> int | None:
        return None if child < _PARENTS else id_of("pricebook_categories", child % _PARENTS)

    names = NAMES["pricebook_categories"]
    children = [child for child in range(_PARENTS, len(names)) if child % _PARENTS == number]
    return {
        "parentId": parent_of(number),
        "position": number,
        "subcategories": [
            {"id": id_of("pricebook_categories", child), "name": names[child], "parentId": parent_of(child)}
            | {"subcategories": []}
            for child in children
        ],
    }


def _included(number: int) -> dict[str, Any]:
    return {
        "membershipTypeId": id_of("membership_types", number),
        "recurringServiceTypeId": id_of("recurring_service_types", number),
    }


def _template(world: World, number: int) -> dict[str, Any]:
    services = [(number * 3 + place) % world.directory.sizes["services"] for place in range(1 + number % 2)]
    items = [
        {
            "id": id_of("invoice_templates.items", number * 10 + place),
            "skuId": id_of("services", service),
            "skuType": "Service",
            "quantity": 1.0,
            "unitPrice": Cents(price_of("services", service)),
        }
        for place, service in enumerate(services)
    ]
    return {
        "items": items,
        "total": Cents(sum(price_of("services", one) for one in services)),
        "isSettingsTemplate": number % 4 == 0,
    }
