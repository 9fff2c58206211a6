"""Reports that ServiceTitan has built: those whose parameters and columns clients have seen, by the ids they saw."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tap_servicetitan.sandbox.reporting.report import SPAN, UNITS, Field, Kind, Parameter, Report

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

COMPLETION_DATE = "Job Completion Date"
_KINDS: Mapping[str, Kind] = {"": "Number", "b": "Boolean", "d": "Date", "s": "String"}


def _fields(columns: str) -> tuple[Field, ...]:
    """Make columns by their names, each with the first letter of its kind if it is no number."""
    named = (column.partition(":") for column in columns.split())
    return tuple(Field(name, _label(name), _KINDS[kind]) for name, _, kind in named)


def _label(name: str) -> str:
    return "".join(f" {letter}" if letter.isupper() else letter for letter in name).strip()


def _built_in(number: int, category: str, name: str, fields: Sequence[Field], *more: Parameter) -> Report:
    return Report(
        number=number,
        categories=(category,),
        name=name,
        description=None,
        parameters=(*SPAN, UNITS, *more),
        fields=fields,
        built_in=True,
    )


_REVENUE = "CompletedRevenue OpportunityJobAverage OpportunityConversionRate Opportunity ConvertedJobs"
_UNIT_TOTALS = "AdjustmentRevenue TotalRevenue NonJobRevenue"

CALL_TAKERS = _built_in(
    162,
    "operations",
    "Jobs by Call Taker",
    _fields(
        "BookedBy:s JobNumber:s InvoiceNumber:s JobType:s CustomerName:s LocationAddress:s CustomerPhone:s "
        "JobSummary:s FirstDispatch:d JobStatus:s Campaign:s Total CampaignCategory:s IsPrevailingWageJob:b"
    ),
    Parameter(
        name="DateType",
        label="Date Type",
        kind="String",
        required=True,
        values=((COMPLETION_DATE, COMPLETION_DATE),),
    ),
)
LABOR_COST = _built_in(
    166,
    "accounting",
    "Labor Cost",
    _fields(
        "EmployeeName:s Activity:s Date:d InvoiceNumber:s EmployeeBusinessUnit:s Duration RegularHours OvertimeHours "
        "DoubleOvertimeHours GrossPay CustomerName:s ProjectNumber:s Zone:s TaxZone:s LocationZip:s LocationName:s "
        "LocationAddress:s LaborTypeCode:s"
    ),
    Parameter(name="TechnicianId", label="Technician", kind="Number", dynamic="technicians"),
)
TECHNICIAN_REVENUE = _built_in(
    168,
    "technician-dashboard",
    "Technician Revenue",
    _fields(f"Name:s {_REVENUE} CustomerSatisfaction TechnicianId"),
)
TECHNICIAN_MEMBERSHIPS = _built_in(
    171,
    "technician-dashboard",
    "Technician Memberships",
    _fields(
        "Name:s MembershipOpportunities MembershipsSold MembershipConversionRate TechnicianId AdjustmentRevenue "
        "CompletedRevenueWithAdjustments"
    ),
)
UNIT_REVENUE = _built_in(
    175,
    "business-unit-dashboard",
    "Business Unit Revenue",
    _fields(f"Name:s {_REVENUE} CustomerSatisfaction {_UNIT_TOTALS}"),
)
UNIT_MEMBERSHIPS = _built_in(
    178,
    "business-unit-dashboard",
    "Business Unit Memberships",
    _fields("Name:s Opportunities Converted ConversionRate"),
)
UNIT_SALES = _built_in(
    179,
    "business-unit-dashboard",
    "Business Unit Sales",
    _fields(f"Name:s TotalSales ClosedAverageSale CloseRate SalesOpportunity OptionsPerOpportunity {_UNIT_TOTALS}"),
)
MEMBERSHIP_MOVEMENT = _built_in(
    182,
    "marketing",
    "Membership Movement",
    _fields("Name:s Suspended Canceled Expired Deleted Renewed Reactivated NewSales ActiveAtEnd"),
)

BUILT_IN = (
    CALL_TAKERS,
    LABOR_COST,
    TECHNICIAN_REVENUE,
    TECHNICIAN_MEMBERSHIPS,
    UNIT_REVENUE,
    UNIT_MEMBERSHIPS,
    UNIT_SALES,
    MEMBERSHIP_MOVEMENT,
)
