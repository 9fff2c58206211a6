"""Where the rows of each report come from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tap_servicetitan.sandbox.reporting import built_in, dashboards, listings
from tap_servicetitan.sandbox.reporting.figures import CUSTOM

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tap_servicetitan.sandbox.reporting.reading import Source

SOURCES: Mapping[int, Source] = {
    **CUSTOM,
    built_in.CALL_TAKERS.id: listings.call_takers,
    built_in.LABOR_COST.id: listings.labor_cost,
    built_in.MEMBERSHIP_MOVEMENT.id: listings.membership_movement,
    built_in.TECHNICIAN_MEMBERSHIPS.id: dashboards.technician_memberships,
    built_in.TECHNICIAN_REVENUE.id: dashboards.technician_revenue,
    built_in.UNIT_MEMBERSHIPS.id: dashboards.unit_memberships,
    built_in.UNIT_REVENUE.id: dashboards.unit_revenue,
    built_in.UNIT_SALES.id: dashboards.unit_sales,
}
