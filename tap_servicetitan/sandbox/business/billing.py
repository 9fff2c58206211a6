"""What a job costs: estimates, invoices with their items, payments."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

from tap_servicetitan.sandbox.business.books import account, applied_credit
from tap_servicetitan.sandbox.business.shop import Job, Shop, money
from tap_servicetitan.sandbox.catalogue import NAMES
from tap_servicetitan.sandbox.clock import DAY, HOUR, MINUTE
from tap_servicetitan.sandbox.directory import id_of, number_of
from tap_servicetitan.sandbox.pricebook import price_of, sku_name, sku_of, work_of
from tap_servicetitan.sandbox.world import Plus

if TYPE_CHECKING:
    from tap_servicetitan.sandbox.world import Row

_TYPES = {"services": "Service", "materials": "Material", "equipment": "Equipment"}
_TAX = 0.0725
# Places in the list of accounts: all that is sold is income.
_SERVICE, _INSTALL = 0, 1


@dataclasses.dataclass(slots=True, eq=False)
class Invoice:
    """An invoice, with what later rows need to know of it."""

    row: Row
    items: list[int]
    total: int
    subtotal: int


def open_invoice(shop: Shop, job: Job) -> Row:
    """Open the empty invoice that a job has from its booking on."""
    nothing = dict.fromkeys(("subTotal", "salesTax", "total", "balance", "discountTotal"), money(0))
    facts: dict[str, Any] = nothing | {
        "items": [],
        "customer": {"id": job.client.row.id, "name": job.client.name},
        "customerAddress": job.client.row.facts["address"],
        "location": {"id": job.location.id, "name": job.client.name},
        "locationAddress": job.location.facts["address"],
        "businessUnit": _unit(job),
        "job": {"id": job.row.id, "number": str(job.row.id), "type": "Service"},
        "invoiceConfiguration": "JobInvoice",
        "membershipId": job.row.facts["membershipId"],
        "syncStatus": "Pending",
        "reviewStatus": "NeedsReview",
        "sentStatus": "NotSent",
    }
    later = ("paidOn", "materialSkuId", "adjustmentToId", "projectId", "depositedOn", "commissionEligibilityDate")
    facts |= dict.fromkeys(later)
    if job.every(40, 11):
        # The vendor declares this stamp nullable: a few rows never show one.
        facts["modifiedOn"] = None
    row = shop.world.add("invoices", job.booked, facts)
    row.facts["referenceNumber"] = str(row.id)
    return row


def bill(shop: Shop, job: Job, at: int) -> Invoice:
    """Fill the invoice of a completed job, and let it be sent, posted and paid."""
    row = job.invoice
    least = 2 if work_of(number_of(job.row.facts["jobTypeId"])).equipment else 1
    lines = [_line(shop, job, place) for place in range(max(least, job.rng.choice((1, 2, 2, 3, 3, 4))))]
    subtotal = sum(line["total"] for line in lines)
    tax = round(subtotal * _TAX)
    total = subtotal + tax
    items = [shop.world.add("invoice_items", at, line | {"invoiceId": row.id, "serviceDate": at}) for line in lines]
    filled = {
        "items": [dict(item.facts) | {"id": item.id, "createdOn": at, "modifiedOn": at} for item in items],
        "subTotal": money(subtotal),
        "salesTax": money(tax),
        "total": money(total),
        "balance": money(total),
        "invoiceDate": at,
        "dueDate": at + 30 * DAY,
    }
    shop.world.change(row, at, filled)
    shop.world.change(job.client.row, at, {"balance": Plus(total)})
    shop.world.change(row, at + job.rng.randrange(2 * MINUTE, HOUR), {"sentStatus": "Sent"})
    posted = at + DAY + job.rng.randrange(20 * HOUR)
    shop.world.change(row, posted, {"syncStatus": "Posted", "reviewStatus": "Reviewed"})
    invoice = Invoice(row, [item.id for item in items], total, subtotal)
    if not job.every(9, 8):
        _settle(shop, job, invoice, at)
    return invoice


def _unit(job: Job) -> dict[str, Any]:
    return {"id": id_of("business_units", job.unit), "name": NAMES["business_units"][job.unit]}


def _line(shop: Shop, job: Job, place: int) -> dict[str, Any]:
    kind, sku = _sku(shop, job, place)
    quantity = job.rng.choice((1, 1, 1, 2, 3)) if kind == "materials" else 1
    price = price_of(kind, sku)
    return {
        "skuId": id_of(kind, sku),
        "skuName": sku_name(kind, sku),
        "displayName": sku_name(kind, sku),
        "description": f"{sku_name(kind, sku)}, installed" if kind == "equipment" else sku_name(kind, sku),
        "type": _TYPES[kind],
        "order": place + 1,
        "quantity": f"{quantity}.00",
        "price": money(price),
        "cost": money(price * 0.4),
        "total": money(price * quantity),
        "totalCost": money(price * 0.4 * quantity),
        "memberPrice": money(0),
        "membershipTypeId": 0,
        "technicianId": id_of("technicians", job.technicians[0]),
        "businessUnit": _unit(job),
        "generalLedgerAccount": account(_INSTALL if kind == "equipment" else _SERVICE) | {"type": "Income"},
        "importId": None,
        "exportId": None,
    }


def _sku(shop: Shop, job: Job, place: int) -> tuple[str, int]:
    """Choose what a line is for: first the service, then what it installs, then parts."""
    work, rng = work_of(number_of(job.row.facts["jobTypeId"])), job.rng
    if place == 0 or not work.materials:
        kind, names = "services", work.services
    elif place == 1 and work.equipment:
        kind, names = "equipment", work.equipment
    else:
        # Two lines in three are parts.
        kind, names = ("materials", work.materials) if rng.randrange(3) else ("services", work.services)
    return kind, sku_of(kind, rng.choice(names), shop.world.directory.sizes[kind], rng.random())


def _settle(shop: Shop, job: Job, invoice: Invoice, at: int) -> None:
    """Pay: most at the door, some weeks later, a few in two parts."""
    at_the_door = job.rng.random() < 0.6  # noqa: PLR2004 - three in five pay at once
    due = invoice.total - applied_credit(invoice.row, invoice.subtotal)
    parts = [due // 2, due - due // 2] if job.every(10, 4) else [due]
    paid = at + (job.rng.randrange(MINUTE, 20 * MINUTE) if at_the_door else job.rng.randrange(DAY, 35 * DAY))
    open_amount = invoice.total
    for part in parts:
        open_amount -= part
        _pay(shop, job, invoice, paid, part)
        state = {"balance": money(open_amount), "paidOn": None if open_amount else paid}
        shop.world.change(invoice.row, paid, state)
        shop.world.change(job.client.row, paid, {"balance": Plus(-part)})
        paid += job.rng.randrange(DAY, 15 * DAY)


def _pay(shop: Shop, job: Job, invoice: Invoice, at: int, amount: int) -> None:
    kind = job.rng.randrange(len(NAMES["payment_types"]))
    applied = {
        "appliedId": id_of("payments.applications", job.number * 4 + (amount != invoice.total)),
        "appliedTo": invoice.row.id,
        "appliedAmount": money(amount),
        "appliedOn": at,
        "appliedToReferenceNumber": invoice.row.facts["referenceNumber"],
    }
    facts = {
        "customer": {"id": job.client.row.id, "name": job.client.name},
        "businessUnit": _unit(job),
        "appliedTo": [applied],
        "total": money(amount),
        "unappliedAmount": money(0),
        "type": NAMES["payment_types"][kind],
        "typeId": str(id_of("payment_types", kind)),
        "date": at,
        "syncStatus": "Pending",
        "refundedPaymentId": None,
        "deposit": None,
    }
    payment = shop.world.add("payments", at, facts)
    shop.world.change(payment, at + DAY + job.rng.randrange(10 * HOUR), {"syncStatus": "Posted"})


def quote(shop: Shop, job: Job, at: int) -> Row:
    """Write an estimate; some are sold, now and then months later."""
    lines = [_line(shop, job, place) for place in range(job.rng.randrange(1, 4))]
    subtotal = sum(line["total"] for line in lines)
    facts = {
        "jobId": job.row.id,
        "jobNumber": str(job.row.id),
        "customerId": job.client.row.id,
        "locationId": job.location.id,
        "projectId": None,
        "name": f"{lines[0]['skuName']}, option {job.number % 3 + 1}",
        "status": {"value": 0, "name": "Open"},
        "subtotal": money(subtotal),
        "tax": money(subtotal * _TAX),
        "soldOn": None,
        "soldBy": None,
        "externalLinks": [],
        "items": [_estimated(job, line, place, at) for place, line in enumerate(lines)],
        "businessUnitId": id_of("business_units", job.unit),
        "businessUnitName": NAMES["business_units"][job.unit],
    }
    row = shop.world.add("estimates", at, facts)
    decided = at + job.rng.choice((20 * MINUTE, 2 * DAY, 6 * DAY, 20 * DAY, 75 * DAY)) + job.rng.randrange(HOUR)
    if job.rng.random() < 0.45:  # noqa: PLR2004 - the close rate
        sold = {"status": {"value": 1, "name": "Sold"}, "soldOn": decided}
        shop.world.change(row, decided, sold | {"soldBy": id_of("technicians", job.technicians[0])})
    elif job.every(3):
        shop.world.change(row, decided, {"status": {"value": 2, "name": "Dismissed"}, "active": False})
    return row


def _estimated(job: Job, line: dict[str, Any], place: int, at: int) -> dict[str, Any]:
    sku = {"id": line["skuId"], "name": line["skuName"], "displayName": line["displayName"], "type": line["type"]}
    return {
        "description": line["description"],
        "id": id_of("estimates.items", job.number * 5 + place),
        "sku": sku | {"soldHours": 1.5, "modifiedOn": at - DAY},
        "qty": float(line["quantity"]),
        "unitRate": line["price"],
        "total": line["total"],
        "unitCost": line["cost"],
        "totalCost": money(line["totalCost"]),
        "invoiceItemId": None,
        "membershipTypeId": None,
        "createdOn": at,
        "modifiedOn": at,
    }
