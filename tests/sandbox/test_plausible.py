"""The sandbox's company looks real: prices, days, names and dates fit what they stand for."""

from __future__ import annotations

import statistics
from collections import Counter, defaultdict
from datetime import datetime
from typing import TYPE_CHECKING

import pytest

from tap_servicetitan.sandbox.catalogue import pools
from tap_servicetitan.sandbox.pricebook import WORK
from tap_servicetitan.sandbox.server import serve

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tap_servicetitan.sandbox.server import Sandbox


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    """Run one sandbox for tests that only look."""
    with serve(seed=1, scale=0.1) as running:
        yield running


def test_prices_fit_what_they_are_for(sandbox: Sandbox) -> None:
    """Parts cost less than services, services less than what they install, and a tune-up least of all work."""
    prices = {
        stream: {row["displayName"]: row["price"] for row in sandbox.rows(stream)}
        for stream in ("materials", "services", "equipment")
    }
    middles = [statistics.median(prices[stream].values()) for stream in ("materials", "services", "equipment")]
    assert middles == sorted(middles)
    assert prices["materials"]["Wire Nut"] < 5
    assert max(prices["materials"].values()) < min(prices["equipment"].values())
    assert prices["services"]["AC Tune-Up"] < prices["services"]["AC System Install"] < prices["equipment"]["Split AC"]
    assert all(row["cost"] < row["price"] for stream in prices for row in sandbox.rows(stream))


def test_a_job_is_done_by_those_who_do_such_work(sandbox: Sandbox) -> None:
    """Its business unit is one of its type's, and its invoice begins with a service of that type."""
    types = {row["id"]: row for row in sandbox.rows("job_types")}
    invoices = {row["id"]: row for row in sandbox.rows("invoices")}
    billed = 0
    for job in sandbox.rows("jobs"):
        assert job["businessUnitId"] in types[job["jobTypeId"]]["businessUnitIds"]
        if items := invoices[job["invoiceId"]]["items"]:
            billed += 1
            services = WORK[types[job["jobTypeId"]]["name"]].services
            assert any(items[0]["skuName"].startswith(name) for name in services)
    assert billed > 50


def test_sundays_are_quiet(sandbox: Sandbox) -> None:
    """Of all days, the fewest jobs are booked on Sundays, and few begin then."""
    for stream, field in (("jobs", "createdOn"), ("appointments", "start")):
        days = Counter(datetime.fromisoformat(row[field]).weekday() for row in sandbox.rows(stream))
        assert days[6] < min(days[day] for day in range(5)) / 2


def test_typed_dates_have_no_clock_in_them(sandbox: Sandbox) -> None:
    """Due dates are days, and windows begin on the quarter of an hour; what a machine wrote down has its digits."""
    invoices = [row for row in sandbox.rows("invoices") if row["invoiceDate"]]
    assert all(
        row[field].endswith("T00:00:00Z") for row in invoices for field in ("invoiceDate", "dueDate") if row[field]
    )
    assert any("." in row["modifiedOn"] for row in invoices)
    starts = [datetime.fromisoformat(row["start"]) for row in sandbox.rows("appointments")]
    assert all((start.minute % 15, start.second, start.microsecond) == (0, 0, 0) for start in starts)


def test_names_stand_where_names_belong(sandbox: Sandbox) -> None:
    """Whoever did something is a person, and a type is a type; no name is a piece of equipment by accident."""
    named: dict[str, set[str]] = defaultdict(set)
    for invoice in sandbox.rows("invoices"):
        for field in ("employeeInfo", "assignedTo", "invoiceType"):
            if (invoice[field] or {}).get("name"):
                named[field].add(invoice[field]["name"])
    people = {f"{first} {last}" for first in pools().first_names for last in pools().last_names}
    assert named["employeeInfo"] | named["assignedTo"] <= people
    assert named["invoiceType"] <= {"Service", "Install", "Maintenance", "Membership"}
    assert all(named[field] for field in ("employeeInfo", "assignedTo", "invoiceType"))


def test_a_balance_is_what_payments_and_credits_leave(sandbox: Sandbox) -> None:
    """An invoice is open for its total less what was applied to it, and paid when nothing is left."""
    applied: dict[int, float] = defaultdict(float)
    memos = [memo for memo in sandbox.rows("credit_memos") if memo["active"]]
    for one in (*sandbox.rows("payments"), *memos):
        for part in one["appliedTo"]:
            applied[part["appliedTo"]] += float(part["appliedAmount"])
    invoices = [row for row in sandbox.rows("invoices") if float(row["total"])]
    for row in invoices:
        assert float(row["balance"]) == pytest.approx(float(row["total"]) - applied[row["id"]], abs=0.001)
        assert (row["paidOn"] is None) is (float(row["balance"]) != 0)
    assert sum(bool(memo["appliedTo"]) for memo in memos) > 5
