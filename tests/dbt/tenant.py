"""A tenant made by hand: a few rows for each edge of a definition. What follows from them is in `figures`.

Its time zone is New York's, five hours behind UTC until March 8 and four from then on; the current day is April 20.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

ZONE, TODAY = "America/New_York", "2026-04-20"
Rows = list[dict[str, Any]]


def _job(number: int, customer: int, completed: str | None = None, **more: object) -> dict[str, Any]:
    usual = {"jobStatus": "Completed", "businessUnitId": 10, "jobTypeId": 100, "noCharge": False, "active": True}
    usual |= {"createdOn": "2026-02-20T15:00:00Z", "modifiedOn": "2026-04-01T12:00:00Z", "jobNumber": f"J{number}"}
    return {"id": number, "customerId": customer, "completedOn": completed, **usual, **more}


def _invoice(
    number: int, dates: str, amounts: str, customer: int, job: int | None = None, **more: object
) -> dict[str, Any]:
    (dated, due), (total, balance) = dates.split(), amounts.split()
    return {
        "id": number, "invoiceDate": f"{dated}T00:00:00Z", "dueDate": f"{due}T00:00:00Z", "subTotal": total,
        "total": total, "balance": balance, "customer": {"id": customer}, "job": {"id": job} if job else None,
        "businessUnit": {"id": 10}, "active": True, "modifiedOn": "2026-04-01T12:00:00Z",
    } | more  # fmt: skip


def _line(number: int, invoice: int, total: str, account: str = "Income", **more: object) -> dict[str, Any]:
    usual = {"type": "Service", "totalCost": "0.00", "businessUnit": {"id": 10}, "active": True}
    usual |= {"generalLedgerAccount": {"id": 1, "type": account}, "modifiedOn": "2026-04-01T12:00:00Z"}
    return {"id": number, "invoiceId": invoice, "total": total, **usual, **more}


def _call(number: int, kind: str, duration: str, agent: int | None = 1, **more: object) -> dict[str, Any]:
    usual = {"direction": "Inbound", "active": True, "createdOn": "2026-03-02T15:00:00Z"}
    usual |= {"agent": {"id": agent, "name": "Amy"} if agent else None}
    return {"id": number, "type": kind, "duration": duration, **usual, **more}


def _member(number: int, customer: int, term: str, status: str, **more: object) -> dict[str, Any]:
    begins, ends = term.split()
    usual = {"membershipTypeId": 300, "businessUnitId": 10, "duration": 12, "createdOn": f"{begins}T15:00:00Z"}
    usual |= {"from": f"{begins}T00:00:00Z", "to": f"{ends}T00:00:00Z", "modifiedOn": "2026-04-01T12:00:00Z"}
    return {"id": number, "customerId": customer, "status": status, **usual, **more}


def _estimate(number: int, job: int, amount: float, unit: int, **sale: object) -> dict[str, Any]:
    status = {"value": 1, "name": "Sold"} if sale else {"value": 0, "name": "Open"}
    return {
        "id": number, "jobId": job, "subtotal": amount, "status": status, "businessUnitId": unit, "active": True,
        "modifiedOn": "2026-04-01T12:00:00Z",
    } | sale  # fmt: skip


def _change(number: int, member: int, old: str, new: str, moment: str) -> dict[str, Any]:
    return {"id": number, "membershipId": member, "oldStatus": old, "newStatus": new, "createdOn": moment}


def _applied(number: int, total: str, invoice: int, moment: str) -> dict[str, Any]:
    part = {"appliedTo": invoice, "appliedAmount": total, "appliedOn": moment}
    return {"id": number, "date": moment, "total": total, "appliedTo": [part], "active": True}


ROWS: Mapping[str, Rows] = {
    "business_units": [{"id": 10, "name": "Service"}, {"id": 20, "name": "Install"}],
    # Ann was merged into Bob, and Bob into Cid.
    "customers": [
        {"id": 1, "name": "Ann", "mergedToId": 2, "active": False},
        {"id": 2, "name": "Bob", "mergedToId": 3, "active": False},
        {"id": 3, "name": "Cid", "mergedToId": None, "active": True},
        {"id": 4, "name": "Dora", "mergedToId": None, "active": True},
        {"id": 5, "name": "Eve", "mergedToId": 0, "active": True},
    ],
    "technicians": [{"id": 1000, "userId": 9000, "name": "Tom"}, {"id": 1001, "userId": 9001, "name": "Tia"}],
    "job_types": [
        {"id": 100, "name": "Repair", "soldThreshold": 50},
        {"id": 101, "name": "Visit", "soldThreshold": 0},
    ],
    "jobs": [
        # Half past eleven at night of February 28.
        _job(1, 1, "2026-03-01T04:30:00Z", campaignId=500, invoiceId=1),
        # No-charge, and worth nothing: no opportunity.
        _job(2, 4, "2026-03-10T15:00:00Z", noCharge=True),
        # No-charge, and worth the threshold after all: an opportunity, and converted.
        _job(3, 4, "2026-03-10T16:00:00Z", noCharge=True),
        # Half past eleven at night of March 8, when summer time had begun. Threshold 0 converts. A recall for job 1.
        _job(4, 5, "2026-03-09T03:30:00Z", businessUnitId=20, jobTypeId=101, recallForId=1,
             createdOn="2026-03-05T15:00:00Z"),
        # A cent below the threshold.
        _job(5, 4, "2026-03-11T15:00:00Z"),
        _job(6, 5, jobStatus="Canceled"),
        # Deleted, and reopened: neither is completed.
        _job(7, 5, "2026-03-11T15:00:00Z", active=False),
        _job(8, 5, "2026-03-11T15:00:00Z", jobStatus="InProgress"),
    ],
    "job_splits": [
        {"id": 1, "jobId": 1, "technicianId": 1000, "split": 50, "active": True},
        {"id": 2, "jobId": 1, "technicianId": 1001, "split": 50, "active": True},
        {"id": 3, "jobId": 2, "technicianId": 1000, "split": 100, "active": True},
        {"id": 4, "jobId": 3, "technicianId": 1000, "split": 100, "active": True},
        {"id": 5, "jobId": 3, "technicianId": 1001, "split": 50, "active": False},
        {"id": 6, "jobId": 4, "technicianId": 1001, "split": 100, "active": True},
        {"id": 7, "jobId": 5, "technicianId": 1000, "split": 100, "active": True},
    ],
    "technician_ratings": [
        {"technicianId": 1000, "jobId": 1, "rating": 4},
        {"technicianId": 1001, "jobId": 1, "rating": 5},
    ],
    "invoices": [
        _invoice(1, "2026-02-28 2026-03-15", "230.00 30.00", 1, 1),
        _invoice(3, "2026-03-10 2026-03-10", "50.00 10.00", 4, 3),
        _invoice(5, "2026-03-11 2026-04-10", "49.99 49.99", 4, 5),
        # No job: a membership that was billed.
        _invoice(9, "2026-03-05 2026-03-05", "25.00 0.00", 2),
        # An adjustment of the first.
        _invoice(10, "2026-03-06 2026-03-06", "-20.00 -20.00", 1, 1, adjustmentToId=1),
        _invoice(11, "2026-03-06 2026-03-06", "999.00 999.00", 4, active=False),
    ],
    "invoice_items": [
        _line(1, 1, "150.00", skuId=7000, soldHours=2, technicianId=1000),
        # Of another business unit than the job.
        _line(2, 1, "50.00", skuId=7003, type="Equipment", totalCost="80.00", businessUnit={"id": 20}),
        # On no income account: it costs, and is no revenue.
        _line(3, 1, "30.00", "Liability", skuId=7001, type="Material", totalCost="20.00"),
        _line(4, 3, "50.00"),
        _line(5, 3, "500.00", active=False),
        _line(6, 5, "49.99"),
        _line(7, 9, "25.00"),
        _line(8, 10, "-20.00", technicianId=1000),
        _line(9, 11, "999.00"),
    ],
    "payments": [
        # Ten at night of March 1.
        _applied(1, "200.00", 1, "2026-03-02T03:00:00Z"),
        _applied(2, "50.00", 3, "2026-03-12T00:00:00Z"),
        # A refund opens what was paid.
        _applied(3, "-10.00", 3, "2026-03-20T00:00:00Z") | {"refundedPaymentId": 2},
        # Deleted.
        _applied(4, "49.99", 5, "2026-03-20T00:00:00Z") | {"active": False},
    ],
    "credit_memos": [_applied(1, "25.00", 9, "2026-03-07T00:00:00Z") | {"total": 25.0, "date": "2026-03-07"}],
    "estimates": [
        # Sold for less than the threshold: not closed.
        _estimate(1, 3, 40, 10, soldOn="2026-03-10T17:00:00Z", soldBy=1000),
        # Ten at night of March 8. The other option was not taken.
        _estimate(2, 4, 300, 20, soldOn="2026-03-09T02:00:00Z", soldBy=1001),
        _estimate(3, 4, 500, 20),
        # Sold in the last hour of March, weeks after the job, which it closes.
        _estimate(4, 5, 60, 10, soldOn="2026-04-01T03:00:00Z", soldBy=1001),
    ],
    "call_reasons": [{"id": 50, "name": "Price", "isLead": True}, {"id": 51, "name": "Wrong number", "isLead": False}],
    "calls": [
        # Eleven at night of February 28.
        _call(1, "Booked", "00:00:30", createdOn="2026-03-01T04:00:00Z", campaign={"id": 500}),
        _call(2, "Unbooked", "00:01:01"),
        _call(3, "Unbooked", "00:01:00", reason={"id": 51}),
        _call(4, "Unbooked", "00:00:10", reason={"id": 50}),
        _call(5, "Excused", "00:05:00"),
        _call(6, "NotLead", "00:05:00"),
        _call(7, "Abandoned", "00:05:00"),
        _call(8, "Unbooked", "00:05:00", None),
        _call(9, "Booked", "00:05:00", direction="Outbound"),
        _call(10, "Unbooked", "1.00:00:00"),
    ],
    "membership_types": [{"id": 300, "name": "Club"}],
    "memberships": [
        _member(1, 5, "2026-01-15 2027-01-15", "Active", customerId=3),
        _member(2, 4, "2025-02-01 2026-02-01", "Expired"),
        # Without a history.
        _member(3, 5, "2026-02-10 2027-02-10", "Canceled", cancellationDate="2026-03-20T00:00:00Z"),
        # In its second term.
        _member(4, 3, "2025-03-05 2027-03-05", "Active"),
        _member(5, 2, "2026-01-20 2027-01-20", "Active", soldById=9000),
    ],
    "membership_status_changes": [
        # A date at midnight of UTC is that day everywhere.
        _change(1, 2, "Active", "Expired", "2026-02-01T00:00:00Z"),
        _change(2, 5, "Active", "Suspended", "2026-02-15T15:00:00Z"),
        _change(3, 5, "Suspended", "Active", "2026-03-15T15:00:00Z"),
    ],
    "gross_pay_items": [
        {"_key": "a", "employeeId": 1000, "employeeType": "Technician", "grossPayItemType": "TimesheetTime", "jobId": 1,
         "amount": 60, "paidDurationHours": 2, "date": "2026-02-28T00:00:00Z"},
        {"_key": "b", "employeeId": 1000, "employeeType": "Technician", "grossPayItemType": "InvoiceRelatedBonus",
         "jobId": 1, "amount": 15, "date": "2026-02-28T00:00:00Z"},
    ],
    "purchase_orders": [
        # The first of its items is on the invoice, and costs there.
        {"id": 1, "jobId": 1, "status": "Sent", "total": 60, "tax": 2, "shipping": 5,
         "items": [{"id": 1, "skuId": 7001, "total": 20}, {"id": 2, "skuId": 7002, "total": 33}]},
        {"id": 2, "jobId": 1, "status": "Canceled", "total": 1000, "items": [{"id": 3, "skuId": 7004, "total": 1000}]},
    ],
    "campaigns": [{"id": 500, "name": "Radio", "category": {"id": 1, "name": "Air"}}],
    "costs": [
        {"id": 1, "campaignId": 500, "year": 2026, "month": 2, "dailyCost": 2},
        {"id": 2, "campaignId": 500, "year": 2026, "month": 3, "dailyCost": 2},
    ],
}  # fmt: skip
"""Rows of the API by stream; what no definition looks at is left out."""
