"""Which reports there are: their parameters and columns, as the API describes them."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from tap_servicetitan.sandbox.directory import id_of

if TYPE_CHECKING:
    from collections.abc import Sequence

Kind: TypeAlias = Literal["String", "Number", "Boolean", "Date", "Time"]

CREATED, COMPLETED = 1, 2
"""The dates of a job that a report may go by."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """A parameter of a report."""

    name: str
    label: str
    kind: Kind
    required: bool = False
    many: bool = False
    values: Sequence[tuple[Any, str]] = ()
    """The values that are accepted, each with its name; any if there are none."""
    dynamic: str | None = None
    """The set of values that is accepted, where another endpoint lists them."""

    def description_body(self) -> dict[str, Any]:
        """Describe the parameter as the API does."""
        accepted = None
        if self.values or self.dynamic:
            fields = [{"name": "Value", "label": "Value"}, {"name": "Name", "label": "Name"}]
            values = [list(one) for one in self.values] or None
            accepted = {"fields": fields, "dynamicSetId": self.dynamic, "values": values}
        return {
            "name": self.name,
            "label": self.label,
            "dataType": self.kind,
            "isArray": self.many,
            "isRequired": self.required,
            "acceptValues": accepted,
        }


@dataclasses.dataclass(frozen=True, slots=True)
class Field:
    """A column."""

    name: str
    label: str
    kind: Kind


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """A report that somebody has built."""

    number: int
    categories: Sequence[str]
    name: str
    description: str | None
    parameters: Sequence[Parameter]
    fields: Sequence[Field]

    @property
    def id(self) -> int:
        """The id in its path."""
        return id_of("reports", self.number)

    def description_body(self, modified: str) -> dict[str, Any]:
        """Describe the report as the API does."""
        return {
            "id": self.id,
            "name": self.name,
            "description": self.description,
            "modifiedOn": modified,
            "parameters": [one.description_body() for one in self.parameters],
            "fields": [{"name": one.name, "label": one.label, "dataType": one.kind} for one in self.fields],
        }


_SPAN = (
    Parameter(name="From", label="From", kind="Date", required=True),
    Parameter(name="To", label="To", kind="Date", required=True),
)
_UNITS = Parameter(name="BusinessUnitIds", label="Business Units", kind="Number", many=True, dynamic="business-units")

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
        *_SPAN,
        _UNITS,
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
    parameters=(*_SPAN, _UNITS),
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
    parameters=_SPAN,
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

REPORTS = (JOBS, REVENUE, INVOICES, RECEIVABLES, TECHNICIANS)


def find(category: str, identity: str) -> Report | None:
    """Find a report within a category."""
    return next((one for one in REPORTS if category in one.categories and str(one.id) == identity), None)
