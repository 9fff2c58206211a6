"""Reports that ServiceTitan has built, ready to be read: by the ids and columns that clients of live tenants have seen.

No document lists them. So a report is read only where the tenant has it by that id or name, with these columns.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

_REVENUE = "CompletedRevenue OpportunityJobAverage OpportunityConversionRate Opportunity ConvertedJobs"
_UNIT_TOTALS = "AdjustmentRevenue TotalRevenue NonJobRevenue"
_BY_DAY = "_window_from"


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Preset:
    """A report, and how to read it."""

    name: str
    """In the settings, and of the stream."""
    category: str
    id: int
    report: str
    """The report's own name."""
    columns: tuple[str, ...]
    """Those that clients have seen, by the report's own names."""
    key: tuple[str, ...] = ()
    """Columns that tell rows apart; none if nothing does."""
    days: int = 1
    """Length of a window. Sums of single days can be added up to those of any span."""
    parameters: Mapping[str, Any] = dataclasses.field(default_factory=dict)

    @property
    def settings(self) -> dict[str, Any]:
        """What the preset stands for in the setting `custom_reports`."""
        return {
            "category": self.category,
            "id": self.id,
            "stream_name": self.name,
            "parameters": dict(self.parameters),
            "key_properties": list(self.key),
            "window": {"from": "From", "to": "To", "days": self.days},
        }

    def is_known_as(self, name: str) -> bool:
        """Tell whether a report has this one's name, however it is written."""
        return _plain(name) == _plain(self.report)


def _plain(name: str) -> str:
    return "".join(letter for letter in name.casefold() if letter.isalnum())


def _columns(names: str) -> tuple[str, ...]:
    return tuple(names.split())


PRESETS = (
    Preset(
        name="jobs_by_call_taker",
        category="operations",
        id=162,
        report="Jobs by Call Taker",
        columns=_columns(
            "BookedBy JobNumber InvoiceNumber JobType CustomerName LocationAddress CustomerPhone JobSummary "
            "FirstDispatch JobStatus Campaign Total CampaignCategory IsPrevailingWageJob"
        ),
        key=("JobNumber",),
        days=30,
        parameters={"DateType": "Job Completion Date"},
    ),
    Preset(
        name="labor_cost",
        category="accounting",
        id=166,
        report="Labor Cost",
        columns=_columns(
            "EmployeeName Activity Date InvoiceNumber EmployeeBusinessUnit Duration RegularHours OvertimeHours "
            "DoubleOvertimeHours GrossPay CustomerName ProjectNumber Zone TaxZone LocationZip LocationName "
            "LocationAddress LaborTypeCode"
        ),
        days=30,
    ),
    Preset(
        name="technician_revenue",
        category="technician-dashboard",
        id=168,
        report="Technician Revenue",
        columns=_columns(f"Name {_REVENUE} CustomerSatisfaction TechnicianId"),
        key=("TechnicianId", _BY_DAY),
    ),
    Preset(
        name="technician_memberships",
        category="technician-dashboard",
        id=171,
        report="Technician Memberships",
        columns=_columns(
            "Name MembershipOpportunities MembershipsSold MembershipConversionRate TechnicianId AdjustmentRevenue "
            "CompletedRevenueWithAdjustments"
        ),
        key=("TechnicianId", _BY_DAY),
    ),
    Preset(
        name="business_unit_revenue",
        category="business-unit-dashboard",
        id=175,
        report="Business Unit Revenue",
        columns=_columns(f"Name {_REVENUE} CustomerSatisfaction {_UNIT_TOTALS}"),
        key=("Name", _BY_DAY),
    ),
    Preset(
        name="business_unit_memberships",
        category="business-unit-dashboard",
        id=178,
        report="Business Unit Memberships",
        columns=_columns("Name Opportunities Converted ConversionRate"),
        key=("Name", _BY_DAY),
    ),
    Preset(
        name="business_unit_sales",
        category="business-unit-dashboard",
        id=179,
        report="Business Unit Sales",
        columns=_columns(
            f"Name TotalSales ClosedAverageSale CloseRate SalesOpportunity OptionsPerOpportunity {_UNIT_TOTALS}"
        ),
        key=("Name", _BY_DAY),
    ),
    Preset(
        name="membership_movement",
        category="marketing",
        id=182,
        report="Membership Movement",
        columns=_columns("Name Suspended Canceled Expired Deleted Renewed Reactivated NewSales ActiveAtEnd"),
        key=("Name", _BY_DAY),
    ),
)

BY_NAME = {one.name: one for one in PRESETS}
