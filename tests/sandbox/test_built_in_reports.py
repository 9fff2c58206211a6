"""ServiceTitan's own reports in the sandbox: their figures follow from the rows that its other endpoints give."""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Any

import pytest

from tap_servicetitan.sandbox.reporting import built_in
from tap_servicetitan.sandbox.server import serve
from tests.sandbox.test_reports import Reporting

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tap_servicetitan.sandbox.reporting.report import Report

Json = dict[str, Any]
SPAN: Json = {"From": "2026-08-01", "To": "2026-10-31"}
PARTS: list[Json] = [{"From": "2026-08-01", "To": "2026-09-14"}, {"From": "2026-09-15", "To": "2026-10-31"}]
ZONE = dt.timezone(dt.timedelta(hours=-5))


@pytest.fixture(scope="module")
def reporting() -> Iterator[Reporting]:
    """Run one sandbox for tests that leave nothing behind."""
    with serve(seed=1, scale=0.05) as sandbox:
        yield Reporting(sandbox)


def table(reporting: Reporting, report: Report, **parameters: Any) -> list[Json]:  # noqa: ANN401 - any value
    """Fetch a report's rows by the names of their columns."""
    given = parameters if "From" in parameters else SPAN | parameters
    if report is built_in.CALL_TAKERS:
        given |= {"DateType": built_in.COMPLETION_DATE}
    response = reporting.data(report, None, **given)
    assert response.status_code == 200, response.text
    names = [field["name"] for field in response.json()["fields"]]
    return [dict(zip(names, row, strict=True)) for row in response.json()["data"]]


def within(stamp: str | None, span: Json) -> bool:
    """Return whether an instant, or a date at midnight, lies in a span of the tenant's own days."""
    if stamp is None:
        return False
    moment = dt.datetime.fromisoformat(stamp)
    day = moment.date() if moment.time() == dt.time() else moment.astimezone(ZONE).date()
    return bool(span["From"] <= str(day) <= span["To"])


def completed(reporting: Reporting) -> list[Json]:
    """Return the jobs that were completed in the span."""
    return [job for job in reporting.sandbox.rows("jobs") if within(job["completedOn"], SPAN)]


@pytest.mark.parametrize("report", built_in.BUILT_IN, ids=lambda report: str(report.id))
def test_each_is_found_by_the_id_that_clients_saw(reporting: Reporting, report: Report) -> None:
    """It stands in its category, takes From, To and business units, and has rows."""
    described = reporting.described(report).json()
    assert (described["id"], described["name"]) == (report.number, report.name)
    assert {"From", "To", "BusinessUnitIds"} <= {one["name"] for one in described["parameters"]}
    assert table(reporting, report)
    listed = {(row["reportCategoryId"], row["id"]) for row in reporting.sandbox.rows("reports")}
    assert (report.categories[0], report.id) in listed


def test_completed_revenue_is_income_of_completed_jobs(reporting: Reporting) -> None:
    """By business unit of the item, dated by the completion of the job; with the rest it is the total revenue."""
    jobs = {job["id"] for job in completed(reporting)}
    wanted: dict[str, float] = defaultdict(float)
    for invoice in reporting.sandbox.rows("invoices"):
        if invoice["job"] and invoice["job"]["id"] in jobs and invoice["adjustmentToId"] is None:
            for item in invoice["items"]:
                if item["generalLedgerAccount"]["type"] == "Income":
                    wanted[item["businessUnit"]["name"]] += float(item["total"])
    rows = table(reporting, built_in.UNIT_REVENUE)
    assert sum(wanted.values()) > 10_000
    assert {row["Name"]: row["CompletedRevenue"] for row in rows if row["CompletedRevenue"]} == pytest.approx(wanted)
    for row in rows:
        parts = row["CompletedRevenue"] + row["AdjustmentRevenue"] + row["NonJobRevenue"]
        assert row["TotalRevenue"] == pytest.approx(parts)
    shares = table(reporting, built_in.TECHNICIAN_REVENUE)
    assert sum(row["CompletedRevenue"] for row in shares) == pytest.approx(sum(wanted.values()), abs=0.1)


def test_opportunities_and_conversion(reporting: Reporting) -> None:
    """A charged job is an opportunity, and is converted where its invoice reaches the threshold of its type."""
    invoices = {row["id"]: float(row["subTotal"]) for row in reporting.sandbox.rows("invoices")}
    thresholds = {row["id"]: row["soldThreshold"] or 0 for row in reporting.sandbox.rows("job_types")}
    chances: Counter[int] = Counter()
    converted: Counter[int] = Counter()
    for job in completed(reporting):
        reaches = invoices[job["invoiceId"]] >= thresholds[job["jobTypeId"]]
        chances[job["businessUnitId"]] += reaches or not job["noCharge"]
        converted[job["businessUnitId"]] += reaches
    units = {row["id"]: row["name"] for row in reporting.sandbox.rows("business_units")}
    rows = {row["Name"]: row for row in table(reporting, built_in.UNIT_REVENUE)}
    assert sum(chances.values()) > 40
    for unit, name in units.items():
        row = rows[name]
        assert (row["Opportunity"], row["ConvertedJobs"]) == (chances[unit], converted[unit])
        if chances[unit]:
            assert row["OpportunityConversionRate"] == pytest.approx(converted[unit] / chances[unit], abs=1e-4)
            assert row["OpportunityJobAverage"] == pytest.approx(row["CompletedRevenue"] / chances[unit], abs=0.01)


def test_sales_are_sold_estimates(reporting: Reporting) -> None:
    """By the day they were sold on; the close rate counts jobs, not estimates."""
    estimates = reporting.sandbox.rows("estimates")
    units = {row["id"]: row["name"] for row in reporting.sandbox.rows("business_units")}
    wanted: dict[str, float] = defaultdict(float)
    for one in estimates:
        if one["status"]["name"] == "Sold" and within(one["soldOn"], SPAN):
            wanted[units[one["businessUnitId"]]] += one["subtotal"]
    rows = table(reporting, built_in.UNIT_SALES)
    assert wanted
    assert {row["Name"]: row["TotalSales"] for row in rows if row["TotalSales"]} == pytest.approx(wanted)
    closed = {one["jobId"] for one in estimates if one["status"]["name"] == "Sold"}
    jobs = completed(reporting)
    assert (
        0
        < sum(row["CloseRate"] * row["SalesOpportunity"] for row in rows)
        <= sum(job["id"] in closed for job in jobs) + 0.01
    )


def test_labor_is_what_was_paid_for_time(reporting: Reporting) -> None:
    """Hours and pay are those of the gross pay items of timesheets; a technician can be chosen."""
    paid = [
        item
        for item in reporting.sandbox.rows("gross_pay_items")
        if item["grossPayItemType"] == "TimesheetTime" and within(item["date"], SPAN)
    ]
    rows = table(reporting, built_in.LABOR_COST)
    assert len(rows) == len(paid) > 20
    assert sum(row["GrossPay"] for row in rows) == pytest.approx(sum(item["amount"] for item in paid))
    assert all(
        row["RegularHours"] + row["OvertimeHours"] + row["DoubleOvertimeHours"] == row["Duration"] for row in rows
    )
    one = reporting.sandbox.rows("technicians")[0]
    assert {row["EmployeeName"] for row in table(reporting, built_in.LABOR_COST, TechnicianId=one["id"])} == {
        one["name"]
    }


def test_memberships_move(reporting: Reporting) -> None:
    """What is active at the end is what is active now; new ones are those that were made in the span."""
    memberships = reporting.sandbox.rows("memberships")
    types = {row["id"]: row["name"] for row in reporting.sandbox.rows("membership_types")}
    active = Counter(types[one["membershipTypeId"]] for one in memberships if one["status"] == "Active")
    rows = table(reporting, built_in.MEMBERSHIP_MOVEMENT, From="2026-01-01", To="2026-11-01")
    assert {row["Name"]: row["ActiveAtEnd"] for row in rows if row["ActiveAtEnd"]} == active
    made = sum(within(one["createdOn"], {"From": "2026-01-01", "To": "2026-11-01"}) for one in memberships)
    assert sum(row["NewSales"] for row in rows) == made
    assert sum(row["Expired"] + row["Canceled"] for row in rows) > 0


def test_call_takers_have_a_row_for_each_job(reporting: Reporting) -> None:
    """Each completed job stands there once, with its total and the customer that it belongs to after all merges."""
    rows = table(reporting, built_in.CALL_TAKERS)
    assert {row["JobNumber"]: row["Total"] for row in rows} == {
        job["jobNumber"]: job["total"] for job in completed(reporting)
    }
    customers = {row["id"]: row for row in reporting.sandbox.rows("customers")}
    for row, job in zip(rows, sorted(completed(reporting), key=lambda job: str(job["id"])), strict=True):
        customer = customers[job["customerId"]]
        while customer["mergedToId"]:
            customer = customers[customer["mergedToId"]]
        assert (row["JobNumber"], row["CustomerName"]) == (job["jobNumber"], customer["name"])
    people = {row["name"] for stream in ("employees", "technicians") for row in reporting.sandbox.rows(stream)}
    assert {row["BookedBy"] for row in rows} - {None} <= people
    assert len({row["BookedBy"] for row in rows}) > 2


@pytest.mark.parametrize(
    ("report", "column"),
    [
        (built_in.UNIT_REVENUE, "CompletedRevenue"),
        (built_in.UNIT_SALES, "TotalSales"),
        (built_in.TECHNICIAN_REVENUE, "Opportunity"),
        (built_in.LABOR_COST, "GrossPay"),
        (built_in.MEMBERSHIP_MOVEMENT, "NewSales"),
    ],
)
def test_sums_of_parts_are_the_whole(reporting: Reporting, report: Report, column: str) -> None:
    """Disjoint spans share nothing and leave nothing out."""
    parts = sum(row[column] for part in PARTS for row in table(reporting, report, **part))
    assert parts == pytest.approx(sum(row[column] for row in table(reporting, report)), abs=0.1)
    assert parts > 0


def test_business_units_choose(reporting: Reporting) -> None:
    """With some business units, the others are not there."""
    unit = reporting.sandbox.rows("business_units")[1]
    [row] = table(reporting, built_in.UNIT_REVENUE, BusinessUnitIds=[unit["id"]])
    assert row in table(reporting, built_in.UNIT_REVENUE)
    assert row["Name"] == unit["name"]
    some = table(reporting, built_in.CALL_TAKERS, BusinessUnitIds=[unit["id"]])
    own = {job["jobNumber"] for job in completed(reporting) if job["businessUnitId"] == unit["id"]}
    assert {row["JobNumber"] for row in some} == own
