"""The general ledger: deposits of the day, journal entries with their lines, credits to customers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tap_servicetitan.sandbox.business.shop import money
from tap_servicetitan.sandbox.catalogue import NAMES
from tap_servicetitan.sandbox.clock import DAY, HOUR, MINUTE, day_of
from tap_servicetitan.sandbox.directory import id_of
from tap_servicetitan.sandbox.draw import mix

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tap_servicetitan.sandbox.world import Row, World

_TAX = 0.0725
# Places in the list of accounts.
_REVENUE, _RECEIVABLE, _UNDEPOSITED, _TAXES = 0, 7, 8, 9
# What is paid late in the day joins the deposit after it was made.
_DEPOSITED_AT = 22 * HOUR


def account(number: int) -> dict[str, Any]:
    """Refer to an account of the ledger."""
    return {
        "id": id_of("gl_accounts", number),
        "name": NAMES["gl_accounts"][number],
        "number": str(4_000 + 100 * number),
    }


def collect(world: World, row: Row) -> None:
    """Put a payment into the deposit of its day, and into the journal."""
    deposit = _deposit_of(world, row.created)
    amount = int(row.facts["total"])
    kept = ("total", "unappliedAmount", "type", "typeId", "date", "customer", "businessUnit", "appliedTo")
    facts = {name: row.facts[name] for name in kept} | {
        "id": row.id,
        "bankDepositId": deposit.id,
        "deposit": {"id": deposit.id, "name": deposit.facts["name"]},
        "generalLedgerAccount": account(_UNDEPOSITED),
        "syncStatus": "Pending",
        "batch": None,
        "active": row.number % 15 != 7,  # noqa: PLR2004 - a rate
    }
    at = max(row.created + 5 * MINUTE, deposit.created)
    entry = world.add("bank_deposit_transactions", at, facts)
    world.change(entry, at + DAY + row.seed % (3 * DAY), {"syncStatus": "Posted"})
    if row.number % 2 == 0:
        _enter(world, row, amount)


def _deposit_of(world: World, at: int) -> Row:
    day = at // DAY
    # Payments come in no order of time, as the jobs that they are for are written one after the other.
    if known := world.notes.get(("bank_deposits", day)):
        return known
    made = day * DAY + _DEPOSITED_AT
    facts = {
        "name": f"Deposit {day_of(made)}",
        "depositStatus": "Pending",
        "syncStatus": "Pending",
        "batch": None,
        "depositDate": made,
        "reviewStatus": "NeedsReview",
        "reviewedOn": None,
        "bankAccount": account(_UNDEPOSITED),
        "feeAccount": account(_TAXES),
        "fees": None,
        "active": day % 12 != 5,  # noqa: PLR2004 - a rate
        "_unmodified": True,
    }
    deposit = world.add("bank_deposits", made, facts)
    world.notes["bank_deposits", day] = deposit
    if day % 5:
        reviewed = made + DAY + deposit.seed % (6 * DAY)
        posted = {"depositStatus": "Posted", "syncStatus": "Posted", "reviewStatus": "Reviewed", "reviewedOn": reviewed}
        world.change(deposit, reviewed, posted)
    return deposit


def _enter(world: World, payment: Row, amount: int) -> None:
    number = len(world.born("journal_entries")) + 1
    at = payment.created + HOUR
    facts: dict[str, Any] = {
        "number": number,
        "name": f"Payment {number}",
        "source": "ServiceTitan",
        "status": "Open",
        "syncStatus": "NotSynced",
        "versionId": 1,
        "lastSyncVersionId": None,
        "message": None,
        "postDate": day_of(at),
        "exportedOn": None,
        "exportedBy": None,
        "url": None,
        "isEmpty": number % 8 == 3,  # noqa: PLR2004 - a rate
    }
    # The list leaves empty entries out unless they are requested.
    entry = world.add("journal_entries", at, facts | {"_empty": "Only" if facts["isEmpty"] else "Exclude"})
    if number % 3:
        closed = at + 2 * DAY + entry.seed % (9 * DAY)
        world.change(entry, closed, {"status": "Closed", "syncStatus": "Synced", "exportedOn": closed})
    if not facts["isEmpty"]:
        _lines(world, entry, payment, amount)


def _lines(world: World, entry: Row, payment: Row, amount: int) -> None:
    under = {"journalEntryId": entry.shown_id, "postDate": entry.facts["postDate"]}
    under |= {"businessUnit": payment.facts["businessUnit"]}
    tax = round(amount - amount / (1 + _TAX))
    sums = [(_UNDEPOSITED, amount, 0), (_REVENUE, 0, amount - tax), (_TAXES, 0, tax)]
    for number, debit, credited in sums:
        amounts = {"account": account(number), "debit": money(debit), "credit": money(credited)}
        world.add("journal_entry_summaries", entry.created, under | amounts | {"memo": entry.facts["name"]})
    about = {
        "transaction": {"id": payment.id, "type": "Payment", "refNumber": str(payment.id)},
        "customer": payment.facts["customer"],
        "externalObjects": [],
        "appliedTo": None,
        "sku": None,
    }
    about |= dict.fromkeys(("vendor", "job", "customerLocation", "project", "serviceAgreement", "inventoryLocation"))
    for place, (number, debit, credited) in enumerate(_halves(sums, mix(entry.seed, 3))):
        amounts = {"account": account(number), "debit": money(debit), "credit": money(credited)}
        memo = {"memo": f"{entry.facts['name']}, line {place + 1}"}
        world.add("journal_entry_details", entry.created, under | about | amounts | memo)


def _halves(sums: Sequence[tuple[int, int, int]], draw: int) -> list[tuple[int, int, int]]:
    """Split some sums into two lines."""
    if draw % 3:
        return list(sums)
    return [
        part
        for number, debit, credited in sums
        for part in ((number, debit // 2, credited // 2), (number, debit - debit // 2, credited - credited // 2))
    ]


def applied_credit(row: Row, subtotal: int) -> int:
    """Return how much of an invoice is not paid, because it will be credited."""
    return subtotal // 10 if _is_credited(row) and row.number % 54 != 23 else 0  # noqa: PLR2004 - a rate


def _is_credited(row: Row) -> bool:
    return row.number % 18 == 5  # noqa: PLR2004 - a rate


def credit(world: World, row: Row) -> None:
    """Credit a customer a part of an invoice; one credit in three is a mistake, and deleted."""
    billed = next(((at, changes) for at, changes in row.steps if changes.get("total")), None)
    if not _is_credited(row) or billed is None:
        return
    at, amount = billed[0] + 4 * DAY, int(billed[1]["subTotal"]) // 10
    kept = ("customer", "customerAddress", "location", "locationAddress", "businessUnit")
    facts: dict[str, Any] = {name: row.facts[name] for name in kept} | {
        "date": at,
        "referenceNumber": f"CM-{row.number + 1}",
        "subTotal": money(amount),
        "salesTax": money(0),
        "total": money(amount),
        "balance": money(amount),
        "appliedTo": [],
        "syncStatus": "Pending",
        "batch": None,
        "importId": None,
        "exportId": None,
    }
    memo = world.add("credit_memos", at, facts)
    item = _credited(world, row, memo, billed[1]["items"][0], amount)
    if applied_credit(row, int(billed[1]["subTotal"])):
        _apply(world, memo, row, amount, at + DAY)
    else:
        for gone in (memo, item):
            world.change(gone, at + 3 * DAY, {"active": False})


def _apply(world: World, memo: Row, row: Row, amount: int, at: int) -> None:
    """Apply a credit to its invoice, after all that is paid."""
    last, open_amount = [(when, changes["balance"]) for when, changes in row.steps if "balance" in changes][-1]
    at = max(at, last + DAY)
    part = {"appliedTo": row.id, "appliedAmount": money(amount), "appliedOn": at, "appliedBy": "Office"}
    reference = {"appliedId": id_of("credit_memos.applications", memo.number)}
    reference |= {"appliedToReferenceNumber": row.facts["referenceNumber"]}
    world.change(memo, at, {"appliedTo": [part | reference], "balance": money(0)})
    left = open_amount - amount
    world.change(row, at, {"balance": money(left), "paidOn": None if left else at})


def _credited(world: World, invoice: Row, memo: Row, line: dict[str, Any], amount: int) -> Row:
    facts = {
        "creditMemoId": memo.id,
        "quantity": 1.0,
        "cost": money(0),
        "price": money(amount),
        "total": money(amount),
        "skuId": line["skuId"],
        "skuName": line["skuName"],
        "type": line["type"],
        "businessUnit": invoice.facts["businessUnit"],
    }
    return world.add("credit_memo_items", memo.created, facts)
