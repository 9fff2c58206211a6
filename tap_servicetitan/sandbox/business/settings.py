"""Lists that are set up once: what each entry says beyond its name, and which are out of use."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tap_servicetitan.sandbox.business.segments import budget_code
from tap_servicetitan.sandbox.business.shop import money
from tap_servicetitan.sandbox.catalogue import CITIES, CUSTOMIZED, NAMES
from tap_servicetitan.sandbox.directory import id_of
from tap_servicetitan.sandbox.facts import FACTS
from tap_servicetitan.sandbox.frame import Frame
from tap_servicetitan.sandbox.pricebook import sku_name, work_of
from tap_servicetitan.sandbox.values import embed

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tap_servicetitan.sandbox.world import World

LISTED = frozenset(name for name in NAMES if name in FACTS and FACTS[name].row.kind == "list")
"""Streams of settings that only a list gives."""

_FIELDS = frozenset(
    {*(f"{entity}_custom_fields" for entity in CUSTOMIZED.values()), "installed_equipment_custom_fields"}
)
_STEPS = ("0", "50", "250", "1000", "5000", "100000")


def setting(world: World, stream: str, number: int, name: str) -> dict[str, Any]:
    """Describe an entry of a list of settings; the last one of each list is out of use."""
    facts: dict[str, Any] = {"name": name, "active": number != len(NAMES[stream]) - 1}
    if stream in _FIELDS:
        facts |= {"dataType": "Text", "dataTypeOptions": []}
    if describe := _DESCRIBED.get(stream):
        facts |= describe(world, number)
    return facts


def _account_type(_: World, number: int) -> dict[str, Any]:
    return {"parentTypeId": id_of("gl_account_types", 3) if number == 4 else None}  # noqa: PLR2004 - a part of the assets


def _account(_: World, number: int) -> dict[str, Any]:
    kinds = ("Income", "Income", "Income", "Cost of Goods Sold", "Cost of Goods Sold", "Expense", "Asset", "Asset")
    return {"number": str(4_000 + 100 * number), "type": kinds[number % len(kinds)], "defaultAccountType": None}


def _provider(_: World, number: int) -> dict[str, Any]:
    return {"tagName": NAMES["booking_provider_tags"][number], "description": "Online booking", "type": "V2Api"}


def _scheduler(_: World, number: int) -> dict[str, Any]:
    name = "Sandbox Plumbing, Heating & Electrical"
    identity = id_of("schedulers", number)
    return {
        "companyName": name,
        "schedulerStatus": "Published" if number < 2 else "Draft",  # noqa: PLR2004 - all but the last
        "dataApiKey": f"sandbox-{identity:x}",
        "isDefault": number == 0,
        "mode": "Call_Center" if number == 2 else "Standard",  # noqa: PLR2004 - the call center's own
        "quickLaunchLink": f"https://book.example.com/{identity:x}",
    }


def _form(world: World, number: int) -> dict[str, Any]:
    published = number != 1
    return {
        "published": published,
        "_status": "Published" if published else "Unpublished",
        "createdById": world.directory.user(number),
    }


def _role(_: World, number: int) -> dict[str, Any]:
    return {"employeeType": "Technician" if NAMES["user_roles"][number] == "Technician" else "Employee"}


def _substatus(_: World, number: int) -> dict[str, Any]:
    return {"statusId": id_of("project_statuses", 1 + number % 3), "order": number}


def _window(_: World, number: int) -> dict[str, Any]:
    begin = int(NAMES["arrival_windows"][number])
    return {"start": f"{begin:02d}:00:00", "duration": "04:00:00", "businessUnitIds": [id_of("business_units", number)]}


def _markup(_: World, number: int) -> dict[str, Any]:
    low, high = (float(_STEPS[place]) for place in (number, number + 1))
    return {"from": low, "to": high, "percent": float(100 - 15 * number)}


def _discount(_: World, number: int) -> dict[str, Any]:
    name = NAMES["discounts_and_fees"][number]
    kind = "Discount" if "Discount" in name else "Fee"
    facts = {"type": kind, "code": f"{kind[0]}{number + 1}", "displayName": name, "amount": money(2_500)}
    return facts | {"amountType": "Fixed", "categories": [], "limit": money(0)}


def _sheet(world: World, number: int) -> dict[str, Any]:
    skus = [world.directory.pick("services", number * 5 + place) for place in range(3)]
    return {"exceptions": [{"skuId": sku, "skuType": "Service", "value": 10.0, "valueType": "Percent"} for sku in skus]}


def _proposal_type(_: World, number: int) -> dict[str, Any]:
    names = (("Good", "Better", "Best"), ("Standard",), ("Insurance",))[number]
    return {
        "isDefault": number == 0,
        "isSystemDefault": number == 0,
        "options": [
            {"id": id_of("proposal_types.options", number * 10 + place), "name": name, "order": place}
            for place, name in enumerate(names)
        ],
    }


def _proposal(_: World, number: int) -> dict[str, Any]:
    option = {"proposalTypeOptionId": id_of("proposal_types.options", 0), "order": 0}
    template = {"estimateTemplateId": id_of("estimate_templates", number)}
    named = {"estimateTemplateName": NAMES["estimate_templates"][number]}
    kind = {"proposalTypeId": id_of("proposal_types", 0), "proposalTypeName": NAMES["proposal_types"][0]}
    return kind | {"status": "Publish", "estimateAssignments": [option | template | named]}


def _estimate(world: World, number: int) -> dict[str, Any]:
    name = NAMES["estimate_templates"][number]
    begin = id_of("estimate_templates.items", number * 10)
    first = {"id": begin, "order": 1, "parentItemId": None}
    item = {"skuType": "Service", "quantity": 1.0, "itemGroupParentId": None}
    service = {"skuId": world.directory.pick("services", number * 3), "skuName": name}
    part: dict[str, Any] = {"id": begin + 1, "order": 2, "parentItemId": begin, "skuType": "Material"}
    part |= {"skuId": world.directory.pick("materials", number), "skuName": sku_name("materials", number)}
    return {"internalName": name, "mode": "Static", "items": [item | first | service, item | part]}


def _stock(world: World, number: int) -> dict[str, Any]:
    item = {
        "id": id_of("inventory_templates.items", number),
        "skuId": world.directory.pick("materials", number),
        "name": sku_name("materials", number),
        "skuType": "Material",
        "minQuantity": 2.0,
        "maxQuantity": 10.0,
        "unitOfMeasure": None,
    }
    return {"items": [item], "locationIds": [id_of("trucks", number)], "type": "Truck"}


def _task_type(_: World, number: int) -> dict[str, Any]:
    return {"excludedTaskResolutionIds": [id_of("task_resolutions", 1)] if number == 0 else []}


def _resolution(_: World, number: int) -> dict[str, Any]:
    refund = NAMES["task_resolutions"][number] == "Refunded"
    return {"type": "Refund" if refund else "Custom", "excludedTaskTypeIds": [id_of("task_types", 0)] if refund else []}


def _report_category(_: World, number: int) -> dict[str, Any]:
    return {"id": NAMES["report_categories"][number].lower().replace(" ", "-")}


def _zone(_: World, number: int) -> dict[str, Any]:
    zips = [str(27_501 + 20 * number + place) for place in range(3)]
    return {"zips": zips, "cities": [CITIES[number]], "serviceDays": None, "territoryNumbers": [], "locnNumbers": []}


def _vendor(world: World, number: int) -> dict[str, Any]:
    field = embed("vendor_custom_fields", number, Frame(0, world.directory))
    return {"isTruckReplenishment": number < 4, "customFields": [field | {"value": "yes"}]}  # noqa: PLR2004 - half of them


def _job_type(_: World, number: int) -> dict[str, Any]:
    work = work_of(number)
    return {
        "customFieldTypeIds": [id_of("job_custom_fields", number % 5)],
        "duration": 3_600 * (1 + number % 3),
        "businessUnitIds": [id_of("business_units", unit) for unit in work.units],
        "soldThreshold": work.threshold,
        "class": "Install" if work.equipment else "Service",
        "summary": f"{NAMES['job_types'][number]}: {' or '.join(work.services)}",
        "noCharge": False,
    }


def _tax_zone(_: World, number: int) -> dict[str, Any]:
    state = {"id": id_of("tax_zones.rates", number), "taxName": "State", "taxBaseType": ["Subtotal"], "taxRate": 0.0475}
    return {"color": number * 4_096, "rates": [state], "isMultipleTaxZone": False}


def _preference(_: World, __: int) -> dict[str, Any]:
    return {"dataType": "Boolean"}


_DESCRIBED: Mapping[str, Callable[[World, int], dict[str, Any]]] = {
    "arrival_windows": _window,
    "booking_provider_tags": _provider,
    "client_specific_pricing": _sheet,
    "contact_preferences": _preference,
    "discounts_and_fees": _discount,
    "estimate_templates": _estimate,
    "forms": _form,
    "gl_account_types": _account_type,
    "gl_accounts": _account,
    "inventory_templates": _stock,
    "job_types": _job_type,
    "material_markups": _markup,
    "payment_types": lambda _, number: {"_unmodified": number % 3 == 1},
    "project_statuses": lambda _, number: {"order": number},
    "project_substatuses": _substatus,
    "proposal_templates": _proposal,
    "proposal_types": _proposal_type,
    "purchase_order_markups": _markup,
    "remittance_vendors": lambda _, __: {"customerId": None},
    "report_categories": _report_category,
    "schedulers": _scheduler,
    "task_resolutions": _resolution,
    "task_types": _task_type,
    "tax_zones": _tax_zone,
    "user_roles": _role,
    "vendors": _vendor,
    "wbs_budget_codes": lambda _, number: budget_code(number),
    "zones": _zone,
}
