"""Lists that are set up once and whose entries have no names of the trade."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tap_servicetitan.sandbox.business.segments import open_segments
from tap_servicetitan.sandbox.business.shop import money
from tap_servicetitan.sandbox.catalogue import NAMES
from tap_servicetitan.sandbox.clock import DAY, HOUR
from tap_servicetitan.sandbox.directory import id_of
from tap_servicetitan.sandbox.reporting.definitions import REPORTS

if TYPE_CHECKING:
    from tap_servicetitan.sandbox.world import World

_SKILLS = ("Gas", "Backflow", "EPA 608", "Journeyman")


def open_lists(world: World, at: int) -> None:
    """Make the lists whose entries have no names of the trade."""
    hours = [{"fromHour": 8, "toHour": 17}]
    world.add("business_hours", at, {"weekdays": hours, "saturday": [{"fromHour": 9, "toHour": 13}], "sunday": []})
    world.add("arrival_window_configuration", at, {"configuration": "StartTimeOfArrivalWindow"})
    world.add("task_management_data", at, {})
    accounts = {"creditCardPayableAccountId": id_of("gl_accounts", 8), "uncategorizedExpenseAccountId": None}
    world.add("well_known_gl_accounts", at, accounts)
    for number, kind in enumerate(("Global", "Marketing", "Other", "Global", "Unknown")):
        world.add("opt_outs", at + number * HOUR, {"contactNumber": f"919555{number:04d}", "optOutType": kind})
    for number in range(world.directory.sizes["trucks"]):
        facts = {
            "name": world.directory.name("trucks", number),
            "active": number % 12 != 11,  # noqa: PLR2004 - the last one
            "warehouseId": world.directory.pick("warehouses", number),
            "technicianIds": [world.directory.pick("technicians", number)],
            "inventoryTemplateId": world.directory.pick("inventory_templates", number),
        }
        world.add("trucks", at + number * HOUR, facts)
        driver = world.directory.name("technicians", number % world.directory.sizes["technicians"])
        vehicle = {"vin": f"1FTBW2CM{number:09d}", "name": facts["name"], "driverName": driver}
        world.add("fleet_vehicles", at + number * HOUR, vehicle)
    for number in range(world.directory.sizes["technicians"] * 2):
        skilled = {"technicianId": world.directory.pick("technicians", number // 2), "active": number % 9 != 4}  # noqa: PLR2004 - a rate
        world.add("technician_skills", at + number * HOUR, skilled | {"name": _SKILLS[number % len(_SKILLS)]})
    for number in range(3):
        warned = {"campaignName": NAMES["campaigns"][number], "warningType": "LowCapacity", "lookaheadWindow": 3}
        world.add("capacity_warnings", at, warned | {"businessUnits": [NAMES["business_units"][number]]})
    open_segments(world, at)
    _open_reports(world, at)
    for number in range(len(NAMES["membership_types"])):
        _open_membership(world, number, at)


def _open_reports(world: World, at: int) -> None:
    for report in REPORTS:
        entry = {"id": report.id, "name": report.name, "description": report.description}
        # A report may stand in several categories.
        for category in report.categories:
            world.add("reports", at, entry | {"reportCategoryId": category})


def _open_membership(world: World, number: int, at: int) -> None:
    under = {"membershipTypeId": id_of("membership_types", number)}
    service = {"recurringServiceTypeId": id_of("recurring_service_types", number), "offset": 0, "importId": None}
    world.add("membership_type_recurring_service_items", at, under | service | {"allocation": 50.0})
    for place in range(number % 3):
        target = {"targetId": id_of("pricebook_categories", place), "discount": 5.0 + place}
        world.add("membership_type_discounts", at, under | target)
    for place, (months, kind) in enumerate(((12, "Annual"), (12, "Monthly"), (6, "OneTime"))[: 1 + number % 3]):
        billing = {"duration": months, "billingFrequency": kind, "salePrice": money(20_000), "active": place != 1}
        row = world.add("membership_type_duration_billing_items", at, under | billing | {"importId": None})
        world.change(row, at + 30 * DAY, {"renewalPrice": money(21_000)})
