"""The recipes in SQL, run on a file that was loaded from the sandbox: they count as its reports do."""

from __future__ import annotations

import datetime as dt
import json
import re
from collections import defaultdict
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import duckdb
import pytest

from tap_servicetitan.catalog.endpoints import BY_NAME
from tap_servicetitan.sandbox.server import Sandbox, serve
from tap_servicetitan.tap import TapServiceTitan
from tests.dbt import figures, tenant
from tests.dbt.support import messages
from tests.duckdb.support import load
from tests.support.paths import ROOT
from tests.support.running import run, truth

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

pytestmark = pytest.mark.checkout

PAGE = (ROOT / "docs" / "sql-recipes.md").read_text(encoding="utf-8")
RECIPES = {
    part.partition("\n")[0]: re.findall(r"^```sql\n(.*?)^```$", part, re.MULTILINE | re.DOTALL)
    for part in PAGE.split("\n## ")[1:]
}
TODAY = dt.date(2026, 11, 2)
A_YEAR_AGO = TODAY.replace(year=2025)
# The sandbox's tenant keeps no summer time.
ZONE, BEHIND = "Etc/GMT+5", dt.timedelta(hours=5)
STREAMS = {*re.findall(r"(?:FROM|JOIN) (\w+)", PAGE)} & BY_NAME.keys()
WINDOW = {"days": 28, "look_back_days": 400}

Row = dict[str, Any]


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    """Run a company on a day."""
    with serve(seed=1, scale=0.05, at=f"{TODAY}T12:00:00Z", report_interval=0) as running:
        yield running


@pytest.fixture(scope="module")
def answer(sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], list[Row]]:
    """Load what the recipes read, and ServiceTitan's own reports; give a function that runs a recipe, or other SQL."""
    reports = [
        {"preset": name, "start": "2026-04-01", "window": WINDOW}
        for name in ("business_unit_revenue", "business_unit_sales", "technician_revenue")
    ]
    # One of its spans ends a year ago.
    start = str(A_YEAR_AGO - dt.timedelta(days=27))
    reports.append({"preset": "membership_movement", "start": start, "window": WINDOW})
    settings = {"custom_reports": reports, "report_runs_per_minute": 1000, "requests_per_second": 1000}
    # The reports know what changed in the last minutes.
    settings |= {"include_recent_changes": True}
    file = tmp_path_factory.mktemp("recipes") / "servicetitan.duckdb"
    config = sandbox.config | settings
    chosen = STREAMS | {one["preset"] for one in reports}
    catalog = json.loads(json.dumps(TapServiceTitan(config=config).catalog_dict))
    catalog["streams"] = [entry for entry in catalog["streams"] if entry["stream"] in chosen]
    assert {entry["stream"] for entry in catalog["streams"]} == chosen
    output = run(config, catalog=catalog)
    assert output.error is None
    load(file, output.raw)
    db = duckdb.connect(str(file), read_only=True)

    def query(what: str) -> list[Row]:
        (sql,) = RECIPES.get(what, [what])
        sql = sql.replace("current_date", f"DATE '{TODAY}'")
        found = db.execute(sql)
        names = [one[0] for one in found.description or ()]
        return [dict(zip(names, row, strict=True)) for row in found.fetchall()]

    (prepare,) = RECIPES["Prepare"]
    db.execute(prepare.replace("America/New_York", ZONE))
    return query


def sums(rows: list[Row], by: str, *columns: str) -> dict[Any, tuple[Decimal, ...]]:
    """Add up columns, leaving out what has nothing in any of them."""
    found = {
        key: tuple(
            sum((Decimal(str(row[name] or 0)) for row in rows if row[by] == key), Decimal(0)) for name in columns
        )
        for key in {row[by] for row in rows}
    }
    return {key: numbers for key, numbers in found.items() if any(numbers)}


def day(moment: str) -> dt.date:
    """Give the tenant's day of an instant."""
    return (dt.datetime.fromisoformat(moment) - BEHIND).date()


def test_revenue(answer: Callable[[str], list[Row]]) -> None:
    """Added up over the months, the revenue of a business unit is that of the report."""
    columns = ("completed_revenue", "non_job_revenue", "adjustment_revenue", "total_revenue")
    ours = sums(answer("Revenue by month and business unit"), "business_unit", *columns)
    assert ours == sums(answer("SELECT * FROM business_unit_revenue"), "name", *columns)
    assert sum(one[0] for one in ours.values()) > 100_000


def test_what_was_worked_out_by_hand(tmp_path: Path) -> None:
    """In the tenant that was made by hand, an edge of a definition in each row, the figures are those on paper."""
    load(tmp_path / "tenant.duckdb", messages(tenant.ROWS))
    with duckdb.connect(str(tmp_path / "tenant.duckdb"), read_only=True) as db:
        db.execute(*RECIPES["Prepare"])
        found: dict[str, list[tuple[Any, ...]]] = {
            name: [
                tuple(f"{one:%Y-%m}" if isinstance(one, dt.datetime) else one for one in row)
                for row in db.execute(sql.replace("current_date", f"DATE '{tenant.TODAY}'")).fetchall()
            ]
            for name, (sql,) in RECIPES.items()
            if name != "Prepare"
        }
    revenue = by_month(paper("revenue"))
    assert {row[1::-1]: [*row[2:]] for row in found["Revenue by month and business unit"]} == revenue
    sales = by_month([row[:4] for row in paper("sales")])
    assert {row[1::-1]: [*row[2:4]] for row in found["Close rate per job"]} == {
        key: one for key, one in sales.items() if one[0]
    }
    leads = [row[5] for row in paper("calls") if row[4]]
    assert sum(row[1] for row in found["Booked calls and booking rate"]) == len(leads)
    assert sum(row[2] for row in found["Booked calls and booking rate"]) == sum(leads)
    scores = by_month([(*row[:5], row[6]) for row in paper("technicians")])
    assert {row[1::-1]: [row[2], row[4], row[5], Decimal(str(row[3]))] for row in found["Technician scorecard"]} == {
        key: one for key, one in scores.items() if one[0]
    }
    active = {row[0]: row[-1] for row in paper("memberships")}
    assert found["Memberships now and a year ago"] == [("Club", active["2026-04-01"], active["2025-03-01"])]
    costs = {f"J{row[0]}": tuple(Decimal(str(one)) for one in row[1:6]) for row in paper("job costing")}
    assert {row[0]: row[2:7] for row in found["Job costing"]} == costs
    owed = next(row for row in paper("receivables") if row[0] == tenant.TODAY)
    assert [row[1:4] for row in found["Open balances by age"]] == [tuple(Decimal(str(one)) for one in owed[2:5])]


def paper(mart: str) -> list[tuple[Any, ...]]:
    """Give the figures that were worked out."""
    return [tuple(row) for row in figures.FIGURES[mart][1]]


def by_month(rows: list[tuple[Any, ...]]) -> dict[tuple[str, str], list[Decimal]]:
    """Add up figures that stand behind a name and a day."""
    found: dict[tuple[str, str], list[Decimal]] = {}
    for name, date, *numbers in rows:
        before = found.get((name, date[:7]), [Decimal(0)] * len(numbers))
        found[name, date[:7]] = [one + Decimal(str(more)) for one, more in zip(before, numbers, strict=True)]
    return found


def test_open_balances(answer: Callable[[str], list[Row]], sandbox: Sandbox) -> None:
    """The balances of each unit are those of its invoices, each in the column of its age."""
    bounds = {"overdue_over_90": 91, "overdue_61_to_90": 61, "overdue_31_to_60": 31, "overdue_1_to_30": 1}
    theirs: dict[str, dict[str, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
    for one in truth(sandbox, "invoices"):
        if one["active"] and Decimal(one["balance"]):
            age = (TODAY - dt.date.fromisoformat((one["dueDate"] or one["invoiceDate"])[:10])).days
            column = next((name for name, least in bounds.items() if age >= least), "not_due")
            for name in (column, "open_balance"):
                theirs[one["businessUnit"]["name"]][name] += Decimal(one["balance"])
    rows = answer("Open balances by age")
    assert {row.pop("business_unit"): {name: value for name, value in row.items() if value} for row in rows} == theirs
    assert {name for one in theirs.values() for name in one} >= {*bounds}


def test_booking_rate(answer: Callable[[str], list[Row]], sandbox: Sandbox) -> None:
    """Lead calls and booked calls are those that a person would count."""
    is_lead = {one["id"]: one["isLead"] for one in truth(sandbox, "call_reasons")}
    theirs: dict[dt.date, list[int]] = defaultdict(lambda: [0, 0])
    for one in truth(sandbox, "calls"):
        if one["direction"] != "Inbound" or not one["active"]:
            continue
        long = sum(int(part) * 60**place for place, part in enumerate(reversed(one["duration"].split(":")))) > 60
        asked = one["type"] == "Unbooked" and one["agent"] and (long or is_lead.get((one["reason"] or {}).get("id")))
        if asked or one["type"] == "Booked":
            month = theirs[day(one["createdOn"]).replace(day=1)]
            month[0] += 1
            month[1] += one["type"] == "Booked"
    rows = answer("Booked calls and booking rate")
    assert {row["month"].date(): [row["lead_calls"], row["booked_calls"]] for row in rows} == theirs
    assert all(row["booking_rate"] == round(row["booked_calls"] / row["lead_calls"], 4) for row in rows)
    assert any(0.5 < row["booking_rate"] < 1 for row in rows)


def test_close_rate(answer: Callable[[str], list[Row]]) -> None:
    """Opportunities are those of the report, and as many of them are closed."""
    columns = ("sales_opportunities", "closed_opportunities")
    ours = sums(answer("Close rate per job"), "business_unit", *columns)
    theirs = answer("SELECT *, round(close_rate * sales_opportunity) AS closed FROM business_unit_sales")
    assert ours == sums(theirs, "name", "sales_opportunity", "closed")
    assert sum(one[1] for one in ours.values()) > 10


def test_memberships(answer: Callable[[str], list[Row]]) -> None:
    """The members of today and of a year ago are those of the report on these days."""
    rows = answer("Memberships now and a year ago")
    for column, until in (("active_now", TODAY), ("active_a_year_ago", A_YEAR_AGO)):
        theirs = [row for row in answer("SELECT * FROM membership_movement") if row["_window_to"] == until]
        assert len(theirs) > 3
        assert {row["membership_type"]: row[column] for row in rows if row[column]} == {
            row["name"]: row["active_at_end"] for row in theirs if row["active_at_end"]
        }


def test_technician_scorecard(answer: Callable[[str], list[Row]]) -> None:
    """Added up over the months, what a technician earned and converted is what the report says."""
    rows = answer("Technician scorecard")
    theirs = answer("SELECT *, opportunity AS opportunities FROM technician_revenue")
    counts = ("opportunities", "converted_jobs")
    assert sums(rows, "technician", *counts) == sums(theirs, "name", *counts)
    ours, reported = (sums(one, by, "completed_revenue") for one, by in ((rows, "technician"), (theirs, "name")))
    assert ours.keys() == reported.keys()
    # Each month is rounded to cents, as each span of the report is.
    assert all(abs(ours[name][0] - reported[name][0]) < Decimal("0.10") for name in ours)
    assert any(row["customer_satisfaction"] for row in rows)


def test_job_costing(answer: Callable[[str], list[Row]], sandbox: Sandbox) -> None:
    """What a job brought and cost is what its pay items and invoice lines say."""
    theirs: dict[str, dict[str, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
    numbers = {
        job["id"]: job["jobNumber"]
        for job in truth(sandbox, "jobs")
        if job["jobStatus"] == "Completed" and job["completedOn"] and job["active"]
    }
    for one in truth(sandbox, "gross_pay_items"):
        if one["active"] and one["jobId"] in numbers:
            name = "labor" if one["grossPayItemType"] == "TimesheetTime" else "bonus"
            theirs[numbers[one["jobId"]]][name] += Decimal(str(one["amount"]))
    invoices = {one["id"]: one for one in truth(sandbox, "invoices") if one["active"]}
    for one in truth(sandbox, "invoice_items"):
        job = (invoices.get(one["invoiceId"], {}).get("job") or {}).get("id")
        if not one["active"] or job not in numbers:
            continue
        if (one["generalLedgerAccount"] or {}).get("type") == "Income":
            theirs[numbers[job]]["revenue"] += Decimal(str(one["total"]))
        if goods := {"Material": "materials", "Equipment": "equipment"}.get(one["type"]):
            theirs[numbers[job]][goods] += Decimal(str(one["totalCost"]))
    columns = ("revenue", "labor", "bonus", "materials", "equipment")
    rows = answer("Job costing")
    assert {row["job"]: tuple(row[name] for name in columns) for row in rows} == {
        number: tuple(theirs[number][name] for name in columns) for number in numbers.values()
    }
    assert all(row["gross_margin"] == 2 * row["revenue"] - sum(row[name] for name in columns) for row in rows)
    assert all(any(row[name] for row in rows) for name in columns)


def test_every_recipe_says_what_servicetitan_calls_it() -> None:
    """Each section has one query, and the name of the report that it is to be compared with."""
    for title, blocks in RECIPES.items():
        assert len(blocks) == 1, title
    assert len(re.findall(r"^In ServiceTitan: \*\w", PAGE, re.MULTILINE)) == len(RECIPES) - 1
