"""What is paid by card: expense transactions, some of them taken back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tap_servicetitan.sandbox.business.books import account
from tap_servicetitan.sandbox.business.shop import money
from tap_servicetitan.sandbox.clock import DAY, HOUR
from tap_servicetitan.sandbox.directory import guid, id_of
from tap_servicetitan.sandbox.draw import mix

if TYPE_CHECKING:
    from tap_servicetitan.sandbox.world import Row, World

# Places in the list of accounts.
_CARD, _EXPENSE = 8, 3
_PAID_BY_CARD_ONCE_IN = 3
_REFUNDED_ONCE_IN = 7


def spend(world: World, row: Row) -> None:
    """Pay something by card on the day of a bill, now and then; some of it is refunded days later."""
    draw = mix(row.seed, 41)
    if draw % _PAID_BY_CARD_ONCE_IN:
        return
    paid = world.add("expense_transactions", row.created + HOUR, _transaction(world, row, draw))
    world.change(paid, paid.created + DAY, {"syncStatus": "Posted", "expenseStatus": "ReadyForExport"})
    if paid.number % _REFUNDED_ONCE_IN == 1:
        refund = _transaction(world, row, draw) | {
            "expenseTransactionId": guid(id_of("expense_transactions.refunds", paid.number)),
            "isRefund": True,
            "reversesExpenseTransactionId": paid.facts["expenseTransactionId"],
        }
        world.add("expense_transactions", paid.created + 4 * DAY, refund)


def _transaction(world: World, row: Row, draw: int) -> dict[str, Any]:
    cents = 1_500 + draw % 40_000
    number = len(world.born("expense_transactions"))
    line = {
        "id": id_of("expense_transactions.lines", number),
        "amount": money(cents),
        "quantity": "1",
        "unitPrice": money(cents),
        "glAccount": account(_EXPENSE),
        "businessUnit": None,
        "job": None,
        "project": None,
    }
    return {
        "expenseTransactionId": guid(id_of("expense_transactions.guids", number)),
        "number": str(1_000 + number),
        "date": row.created,
        "total": money(cents + cents // 14),
        "tax": money(cents // 14),
        "shipping": money(0),
        "syncStatus": "Pending",
        "expenseStatus": "Pending",
        "vendor": row.facts["vendor"],
        "job": None,
        "project": None,
        "batch": None,
        "debitAccount": account(_EXPENSE),
        "creditAccount": account(_CARD),
        "isRefund": False,
        "reversesExpenseTransactionId": None,
        "cardNumberLast4": f"{draw % 10_000:04d}",
        "employeeId": world.directory.pick("employees", draw),
        "lineItems": [line],
    }
