"""Parts on the move: orders, vendor bills, returns, transfers, adjustments."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tap_servicetitan.sandbox.business.opening import sku_code
from tap_servicetitan.sandbox.business.shop import Job, Shop, money
from tap_servicetitan.sandbox.catalogue import NAMES
from tap_servicetitan.sandbox.clock import DAY, HOUR
from tap_servicetitan.sandbox.directory import id_of, number_of
from tap_servicetitan.sandbox.pricebook import price_of, sku_name

if TYPE_CHECKING:
    from tap_servicetitan.sandbox.business.billing import Invoice
    from tap_servicetitan.sandbox.world import Row

_SHIPPING = 1_500


def move(shop: Shop, job: Job, invoice: Invoice, at: int) -> None:
    """Order, bill, return, move and count the parts of some jobs."""
    if job.every(8, 2):
        _order(shop, job, invoice, at)
    if job.every(20, 9):
        transfer = _document(job, at, "TR") | {
            "items": [_part(shop, job, place, at) for place in range(2)],
            "status": "Pending",
            "transferType": "Truck Replenishment",
            "jobId": job.row.id,
            "invoiceId": invoice.row.id,
            "pickedDate": None,
            "receivedDate": None,
        }
        row = shop.world.add("transfers", at, transfer)
        shop.world.change(row, at + 5 * HOUR, {"status": "Picked", "pickedDate": at + 5 * HOUR})
        shop.world.change(row, at + DAY, {"status": "Received", "receivedDate": at + DAY})
    if job.every(25, 6):
        count = {"items": [_part(shop, job, 0, at)], "type": "Cycle Count", "invoiceId": None, "projectId": None}
        shop.world.add("adjustments", at + 2 * HOUR, _document(job, at, "ADJ") | count)


def _document(job: Job, at: int, prefix: str) -> dict[str, Any]:
    return {
        "number": f"{prefix}-{job.number + 1}",
        "referenceNumber": f"REF{job.number}",
        "date": at,
        "dateCanceled": None,
        "canceledById": None,
        "canceledReason": None,
        "batch": None,
        "batchId": None,
    }


def _part(shop: Shop, job: Job, place: int, at: int) -> dict[str, Any]:
    sku = job.draw(100 + place) % shop.world.directory.sizes["materials"]
    quantity = 1 + job.draw(200 + place) % 5
    cost = price_of("materials", sku) * 2 // 5
    name = sku_name("materials", sku)
    return {
        "id": id_of("stock.items", job.number * 10 + place),
        "skuId": id_of("materials", sku),
        "name": name,
        "skuName": name,
        "description": name,
        "code": sku_code("materials", sku),
        "skuCode": sku_code("materials", sku),
        "skuType": "Material",
        "quantity": float(quantity),
        "quantityReceived": 0.0,
        "cost": money(cost),
        "total": money(cost * quantity),
        "totalCost": money(cost * quantity),
        "serialNumbers": [],
        "active": True,
        "createdOn": at,
        "modifiedOn": at,
    }


def _order(shop: Shop, job: Job, invoice: Invoice, at: int) -> None:
    parts = [_part(shop, job, place, at) for place in range(1 + job.number % 3)]
    total = sum(part["total"] for part in parts)
    vendor = job.number % len(NAMES["vendors"])
    order = _document(job, at, "PO") | {
        "invoiceId": invoice.row.id,
        "jobId": job.row.id,
        "projectId": None,
        "technicianId": id_of("technicians", job.technicians[0]),
        "vendorId": id_of("vendors", vendor),
        "status": "Sent",
        "sentOn": at,
        "receivedOn": None,
        "items": parts,
        "total": money(total),
        "tax": money(0),
        "shipping": money(_SHIPPING),
    }
    row = shop.world.add("purchase_orders", at, order)
    received = at + job.rng.randrange(6 * HOUR, 4 * DAY)
    arrived = [part | {"quantityReceived": part["quantity"], "modifiedOn": received} for part in parts]
    shop.world.change(row, received, {"status": "Received", "receivedOn": received, "items": arrived})
    _bill(shop, job, row, received)
    if job.every(24, 2):
        back = _document(job, received, "RET") | {
            "status": "Pending",
            "vendorId": id_of("vendors", vendor),
            "purchaseOrderId": row.id,
            "jobId": job.row.id,
            "projectId": None,
            "items": parts[:1],
            "returnAmount": parts[0]["total"],
            "returnDate": received + HOUR,
            "returnedOn": None,
            "creditReceivedOn": None,
        }
        returned = shop.world.add("returns", received + HOUR, back)
        shop.world.change(returned, received + DAY, {"status": "Returned", "returnedOn": received + DAY})
        credited = received + 9 * DAY
        shop.world.change(returned, credited, {"status": "CreditReceived", "creditReceivedOn": credited})


def _bill(shop: Shop, job: Job, order: Row, at: int) -> None:
    parts: list[dict[str, Any]] = order.facts["items"]
    vendor = order.facts["vendorId"]
    lines = [
        {"order": place, "name": part["name"], "skuId": part["skuId"], "skuType": "Material", "skuCode": part["code"]}
        | {
            "quantity": f"{part['quantity']:.2f}",
            "cost": part["cost"],
            "id": part["id"],
            "fullyLandedUnitCost": part["cost"],
        }
        for place, part in enumerate(parts, 1)
    ]
    total = sum(part["total"] for part in parts)
    bill = {
        "purchaseOrderId": order.id,
        "vendor": {"id": vendor, "name": NAMES["vendors"][number_of(vendor)]},
        "jobId": job.row.id,
        "jobNumber": str(job.row.id),
        "items": lines,
        "billAmount": money(total + _SHIPPING),
        "taxAmount": money(0),
        "shippingAmount": money(_SHIPPING),
        "otherAmount": money(0),
        "billDate": at,
        "dueDate": at + 30 * DAY,
        "postDate": None,
        "dateReconciled": None,
        "syncStatus": "Pending",
        "batch": None,
    }
    if job.every(32, 10):
        # The vendor declares this stamp nullable: a few rows never show one.
        bill["modifiedOn"] = None
    row = shop.world.add("inventory_bills", at, bill)
    posted = at + 2 * DAY
    shop.world.change(row, posted, {"syncStatus": "Posted", "postDate": posted})
