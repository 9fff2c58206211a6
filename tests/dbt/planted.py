"""Errors that are planted in loaded rows, each in a tenant of its own, and the tests of agreement that find them."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import duckdb

if TYPE_CHECKING:
    from collections.abc import Iterable


@dataclasses.dataclass(frozen=True)
class Planted:
    """A row that is not what ServiceTitan has."""

    find: str
    """The row, as a query for its id."""
    change: str
    """What becomes of it, as a statement without its condition."""
    found_by: frozenset[str]
    """The tests that fail at least."""


_REVENUE = frozenset({"agreement_168_technician_revenue", "agreement_175_business_unit_revenue"})

NO_ERROR = "no error"
ERRORS = {
    "a job marked no-charge": Planted(
        "SELECT min(j.id) FROM jobs j JOIN invoices i ON i.id = j.invoiceId JOIN job_types t ON t.id = j.jobTypeId "
        "WHERE j.completedOn IS NOT NULL AND CAST(i.subTotal AS DECIMAL(18, 2)) < t.soldThreshold",
        "UPDATE jobs SET noCharge = true, modifiedOn = $now",
        _REVENUE,
    ),
    "an invoice that is made an adjustment": Planted(
        "SELECT min(invoiceId) FROM jobs WHERE completedOn IS NOT NULL",
        "UPDATE invoices SET adjustmentToId = 1, modifiedOn = $now",
        _REVENUE,
    ),
    "a customer that was merged": Planted(
        "SELECT min(c.id) FROM customers c JOIN jobs j ON j.customerId = c.id "
        "WHERE c.mergedToId IS NULL AND j.completedOn IS NOT NULL",
        "UPDATE customers SET mergedToId = (SELECT max(id) FROM customers WHERE mergedToId IS NULL), modifiedOn = $now",
        frozenset({"agreement_162_completed_jobs"}),
    ),
    "an estimate that was sold a month later": Planted(
        "SELECT min(id) FROM estimates WHERE soldOn IS NOT NULL",
        "UPDATE estimates SET soldOn = soldOn + INTERVAL 30 DAY, modifiedOn = $now",
        frozenset({"agreement_179_business_unit_sales"}),
    ),
    "a refund": Planted(
        "SELECT min(id) FROM payments WHERE active AND len(CAST(appliedTo AS JSON[])) > 0",
        # Whether amounts came as numbers or as texts.
        "INSERT INTO payments SELECT * REPLACE (-1 AS id, id AS refundedPaymentId, $now AS modifiedOn, "
        """regexp_replace(CAST(appliedTo AS VARCHAR), '("appliedAmount":"?)', '\\1-', 'g') AS appliedTo) """
        "FROM payments",
        frozenset({"agreement_open_balances"}),
    ),
    "a membership that was canceled in another month": Planted(
        "SELECT max(id) FROM membership_status_changes WHERE newStatus = 'Canceled' AND createdOn > '2026-06-15'",
        "UPDATE membership_status_changes SET createdOn = CAST(createdOn AS TIMESTAMP) - INTERVAL 60 DAY",
        frozenset({"agreement_182_membership_movement"}),
    ),
    "hours that were paid twice": Planted(
        "SELECT min(id) FROM gross_pay_items WHERE grossPayItemType = 'TimesheetTime'",
        "UPDATE gross_pay_items SET amount = 2 * amount",
        frozenset({"agreement_166_labor_cost"}),
    ),
}


def plant(file: str, loaded: Iterable[str], now: str) -> None:
    """Give each error a tenant of its own, with all that was loaded and built, and one more that stays without."""
    with duckdb.connect(file) as db:
        rows = {name: db.execute(error.find).fetchall()[0][0] for name, error in ERRORS.items()}
        db.execute("CREATE TEMP TABLE tenants AS SELECT unnest($names) AS tenant", {"names": [NO_ERROR, *ERRORS]})
        built = db.execute("SELECT table_name FROM duckdb_tables() WHERE schema_name = 'models'").fetchall()
        tables = [(f"main.{name}", "named.tenant AS tenant_id, own.*") for name in loaded]
        tables += [(f"models.{name}", "own.* REPLACE (named.tenant AS tenant_id)") for (name,) in built]
        for table, columns in tables:
            db.execute(f"CREATE OR REPLACE TABLE {table} AS FROM {table} AS own, tenants AS named SELECT {columns}")
        for name, error in ERRORS.items():
            change = f"{error.change} WHERE id = $id AND tenant_id = $tenant"
            known = {"id": rows[name], "tenant": name, "now": now}
            asked = {key: value for key, value in known.items() if f"${key}" in change}
            assert db.execute(change, asked).fetchall() == [(1,)], name
