"""Which reports there are."""

from __future__ import annotations

from tap_servicetitan.sandbox.reporting.built_in import BUILT_IN
from tap_servicetitan.sandbox.reporting.report import SPAN, UNITS, Field, Parameter, Report

__all__ = [
    "COMPLETED",
    "CREATED",
    "INVOICES",
    "JOBS",
    "RECEIVABLES",
    "REPORTS",
    "REVENUE",
    "TECHNICIANS",
    "Report",
    "by_id",
    "find",
]

CREATED, COMPLETED = 1, 2
"""The dates of a job that a report may go by."""

JOBS = Report(
    number=0,
    categories=("operations",),
    name="Jobs",
    description="A row for each job, by the day it was created or completed on",
    parameters=(
        Parameter(
            name="DateType",
            label="Date Type",
            kind="Number",
            required=True,
            values=((CREATED, "Job Creation Date"), (COMPLETED, "Job Completion Date")),
        ),
        *SPAN,
        UNITS,
        Parameter(name="IncludeNoCharge", label="Include No-Charge Jobs", kind="Boolean"),
    ),
    fields=(
        Field("JobId", "Job ID", "Number"),
        Field("JobNumber", "Job #", "String"),
        Field("CreatedDate", "Created Date", "Date"),
        Field("CompletedDate", "Completion Date", "Date"),
        Field("BusinessUnit", "Business Unit", "String"),
        Field("Status", "Status", "String"),
        Field("Total", "Jobs Total", "Number"),
        Field("NoCharge", "No Charge", "Boolean"),
    ),
)
REVENUE = Report(
    number=1,
    categories=("operations", "accounting"),
    name="Revenue by Business Unit",
    description="Completed jobs and their revenue, summed over the span",
    parameters=(*SPAN, UNITS),
    fields=(
        Field("BusinessUnit", "Business Unit", "String"),
        Field("CompletedJobs", "Completed Jobs", "Number"),
        Field("CompletedRevenue", "Completed Revenue", "Number"),
    ),
)
INVOICES = Report(
    number=2,
    categories=("accounting",),
    name="Invoice Export",
    description="Its columns are not of the types that they are declared to be of",
    parameters=SPAN,
    fields=(
        Field("Invoice #", "Invoice #", "Number"),
        Field("Balance", "Balance", "Number"),
        Field("Total", "Total", "Number"),
        Field("total", "Total (Text)", "String"),
        Field("Due Date", "Due Date", "Date"),
        Field("Paid", "Paid?", "Boolean"),
        Field("order", "Order of Visit", "Number"),
        Field("1st Item", "1st Item", "String"),
        Field("Hours Sold", "Hours Sold", "Time"),
        Field("Rating", "Rating", "Number"),
        Field("Größe", "Größe", "String"),
    ),
)
RECEIVABLES = Report(
    number=3,
    categories=("accounting",),
    name="Receivables",
    description="What was open at the end of a day",
    parameters=(Parameter(name="AsOf", label="As Of", kind="Date", required=True),),
    fields=(
        Field("BusinessUnit", "Business Unit", "String"),
        Field("OpenInvoices", "Open Invoices", "Number"),
        Field("OpenAmount", "Open Amount", "Number"),
    ),
)
TECHNICIANS = Report(
    number=4,
    categories=("technician-dashboard",),
    name="Technician Scorecard",
    description=None,
    parameters=(Parameter(name="TechnicianIds", label="Technicians", kind="Number", many=True, dynamic="technicians"),),
    fields=(
        Field("TechnicianId", "Technician ID", "Number"),
        Field("Name", "Name", "String"),
        Field("Email", "Email", "String"),
        Field("Active", "Active", "Boolean"),
        Field("Assignments", "Assignments", "Number"),
        Field("LastAssigned", "Last Assigned", "Date"),
    ),
)

REPORTS = (JOBS, REVENUE, INVOICES, RECEIVABLES, TECHNICIANS, *BUILT_IN)


def find(category: str, identity: str) -> Report | None:
    """Find a report within a category."""
    return next((one for one in REPORTS if category in one.categories and str(one.id) == identity), None)


def by_id(identity: int) -> Report:
    """Return a report that is known to exist."""
    return next(one for one in REPORTS if one.id == identity)
