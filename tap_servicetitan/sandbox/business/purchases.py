"""What parts cost: receipts, what vendors are owed and paid, what they give back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tap_servicetitan.sandbox.business.shop import money
from tap_servicetitan.sandbox.catalogue import NAMES
from tap_servicetitan.sandbox.clock import DAY, HOUR
from tap_servicetitan.sandbox.directory import id_of, number_of
from tap_servicetitan.sandbox.draw import mix

if TYPE_CHECKING:
    from tap_servicetitan.sandbox.world import Row, World

_SHIPPING = 1_500


def _remittance(vendor: int) -> dict[str, Any]:
    number = number_of(vendor) % len(NAMES["remittance_vendors"])
    return {"id": id_of("remittance_vendors", number), "name": NAMES["remittance_vendors"][number]}


def request(world: World, row: Row) -> None:
    """Ask the office for parts, from the job."""
    if row.number % 13 != 4:  # noqa: PLR2004 - a rate
        return
    draw = mix(row.seed, 31)
    vendor = draw % len(NAMES["vendors"])
    facts: dict[str, Any] = {
        "requestNumber": f"PR-{row.number + 1}",
        "requestStatus": "Pending",
        "invoiceId": row.facts["invoiceId"],
        "jobId": row.id,
        "projectId": None,
        "vendorId": id_of("vendors", vendor),
        "technicianId": world.directory.pick("technicians", draw >> 9),
        "businessUnitId": row.facts["businessUnitId"],
        "batchId": None,
        "date": row.created + DAY,
        "items": [],
        "total": money(4_000 + draw % 30_000),
        "tax": money(0),
        "shipping": money(_SHIPPING),
    }
    asked = world.add("purchase_order_requests", row.created + DAY, facts)
    decided = {"requestStatus": "Rejected" if draw % 5 == 0 else "Approved"}
    world.change(asked, asked.created + 3 * HOUR + draw % (4 * DAY), decided)


def receive(world: World, row: Row) -> None:
    """Book the parts in that a vendor's bill is about."""
    bill = row.facts
    receipt: dict[str, Any] = {
        "number": f"RCPT-{row.number + 1}",
        "purchaseOrderId": bill["purchaseOrderId"],
        "billId": row.id,
        "jobId": bill["jobId"],
        "vendorId": bill["vendor"]["id"],
        "technicianId": None,
        "receiptAmount": bill["billAmount"],
        "taxAmount": money(0),
        "shippingAmount": bill["shippingAmount"],
        "receivedOn": row.created,
        "batchId": None,
        "syncStatus": "Pending",
        "items": [_received(line) for line in bill["items"]],
    }
    made = world.add("receipts", row.created, receipt)
    world.change(made, row.created + 2 * DAY, {"syncStatus": "Posted"})
    if made.number % 9 == 1:
        world.change(made, row.created + 3 * DAY, {"active": False})


def _received(line: dict[str, Any]) -> dict[str, Any]:
    quantity = float(line["quantity"])
    kept = {"skuId": line["skuId"], "name": line["name"], "code": line["skuCode"], "cost": line["cost"]}
    return kept | {"id": line["id"], "purchaseOrderItemId": line["id"], "quantity": quantity}


def owe(world: World, row: Row) -> None:
    """Enter a vendor's bill in the books, and a bill without goods now and then; let them be paid."""
    bill = row.facts
    kept = (
        "purchaseOrderId", "vendor", "jobId", "jobNumber", "items", "billAmount", "taxAmount", "shippingAmount",
        "otherAmount", "billDate", "dueDate", "postDate", "dateReconciled", "batch",
    )  # fmt: skip
    facts: dict[str, Any] = {name: bill[name] for name in kept} | {
        "remittanceVendorInfo": _remittance(bill["vendor"]["id"]),
        "billType": "Bill",
        "_billType": "Procurement",
        "syncStatus": "Pending",
        "status": "Unreconciled",
        "createdOn": row.created,
        "canceledBy": None,
        "dateCanceled": None,
        "expenseItems": [],
        # Null until there is a change, as the vendor's documents allow.
        "_unmodified": True,
    }
    _settle(world, row, world.add("ap_bills", row.created, facts))
    if row.number % 2:
        rent: dict[str, Any] = {"items": [], "purchaseOrderId": None, "_billType": "ApBill", "summary": "Shop supplies"}
        _settle(
            world, None, world.add("ap_bills", row.created + HOUR, facts | rent | {"createdOn": row.created + HOUR})
        )


def _settle(world: World, bill: Row | None, owed: Row) -> None:
    if owed.number % 5 == 4:  # noqa: PLR2004 - a rate
        # Waits for the goods, and so never changed.
        return
    draw = mix(owed.seed, 32)
    posted = owed.created + 2 * DAY + draw % (3 * DAY)
    world.change(owed, posted, {"syncStatus": "Posted", "postDate": posted})
    if draw % 6 == 0:
        return
    paid = posted + 5 * DAY + draw % (30 * DAY)
    world.change(owed, paid, {"status": "Reconciled", "dateReconciled": paid})
    split = {
        "id": id_of("ap_payments.splits", owed.number),
        "createdOn": paid,
        "documentId": owed.id,
        "inventoryBillId": bill.id if bill else None,
        "amount": owed.facts["billAmount"],
    }
    _pay(world, owed, split, paid)


def _pay(world: World, owed: Row, split: dict[str, Any], at: int) -> None:
    payment = {
        "date": at,
        "approvedDate": at,
        "name": f"Payment {owed.number + 1}",
        "amount": split["amount"],
        "errorMessage": None,
        "status": "Initiated",
        "syncStatus": "Pending",
        "batch": None,
        "vendor": owed.facts["vendor"],
        "remittanceVendor": owed.facts["remittanceVendorInfo"],
        "splits": [split],
        "active": owed.number % 9 != 4,  # noqa: PLR2004 - a rate
    }
    made = world.add("ap_payments", at, payment)
    world.change(made, at + 3 * DAY, {"status": "Paid", "syncStatus": "Posted"})


def credit(world: World, row: Row) -> None:
    """Let a vendor credit what was returned."""
    back = row.facts
    vendor = {"id": back["vendorId"], "name": NAMES["vendors"][number_of(back["vendorId"])]}
    facts: dict[str, Any] = {
        "inventoryReturnId": row.id,
        "jobId": back["jobId"],
        "date": row.created,
        "canceledOn": None,
        "number": f"CR-{row.number + 1}",
        "amount": back["returnAmount"],
        "appliedAmount": money(0),
        "status": "Unreconciled",
        "syncStatus": "Pending",
        "batch": None,
        "vendor": vendor,
        "remittanceVendor": _remittance(vendor["id"]),
        "paymentStatus": "Unpaid",
        "splits": [],
        "active": row.number % 6 != 2,  # noqa: PLR2004 - a rate
    }
    made = world.add("ap_credits", row.created + DAY, facts)
    applied = {"appliedAmount": back["returnAmount"], "paymentStatus": "Paid", "syncStatus": "Posted"}
    world.change(made, row.created + 12 * DAY, applied)
