"""What the models give for the tenant that was made by hand, worked out on paper."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

FIGURES: Mapping[str, tuple[str, Sequence[tuple[Any, ...]]]] = {
    "jobs": (
        (
            "SELECT job_id, completed_date, customer_id, is_completed, is_opportunity, is_converted, is_closed, "
            "is_membership_opportunity, completed_revenue, recall_count FROM servicetitan__jobs ORDER BY job_id"
        ),
        [
            (1, "2026-02-28", 3, True, True, True, False, False, 200, 1),
            (2, "2026-03-10", 4, True, False, False, False, False, 0, 0),
            (3, "2026-03-10", 4, True, True, True, False, True, 50, 0),
            (4, "2026-03-08", 5, True, True, True, True, False, 0, 0),
            (5, "2026-03-11", 4, True, True, False, True, True, 49.99, 0),
            (6, None, 5, False, False, False, False, False, 0, 0),
            (7, "2026-03-11", 5, False, False, False, False, False, 0, 0),
            (8, "2026-03-11", 5, False, False, False, False, False, 0, 0),
        ],
    ),
    "revenue": (
        (
            "SELECT business_unit_name, revenue_date, completed_revenue, non_job_revenue, adjustment_revenue, "
            "total_revenue FROM servicetitan__revenue ORDER BY 1 DESC, 2"
        ),
        [
            ("Service", "2026-02-28", 150, 0, 0, 150),
            ("Service", "2026-03-05", 0, 25, 0, 25),
            ("Service", "2026-03-06", 0, 0, -20, -20),
            ("Service", "2026-03-10", 50, 0, 0, 50),
            ("Service", "2026-03-11", 49.99, 0, 0, 49.99),
            ("Install", "2026-02-28", 50, 0, 0, 50),
        ],
    ),
    "sales": (
        (
            "SELECT business_unit_name, sales_date, sales_opportunities, closed_opportunities, "
            "estimates_of_opportunities, sold_estimates, total_sales FROM servicetitan__sales ORDER BY 1 DESC, 2"
        ),
        [
            ("Service", "2026-02-28", 1, 0, 0, 0, 0),
            ("Service", "2026-03-10", 1, 0, 1, 1, 40),
            ("Service", "2026-03-11", 1, 1, 1, 0, 0),
            ("Service", "2026-03-31", 0, 0, 0, 1, 60),
            ("Install", "2026-03-08", 1, 1, 2, 1, 300),
        ],
    ),
    "calls": (
        (
            "SELECT call_id, call_date, duration_seconds, is_abandoned, is_lead, is_booked FROM "
            "servicetitan__calls ORDER BY 1"
        ),
        [
            (1, "2026-02-28", 30, False, True, True),
            (2, "2026-03-02", 61, False, True, False),
            (3, "2026-03-02", 60, False, False, False),
            (4, "2026-03-02", 10, False, True, False),
            (5, "2026-03-02", 300, False, False, False),
            (6, "2026-03-02", 300, False, False, False),
            (7, "2026-03-02", 300, True, False, False),
            (8, "2026-03-02", 300, True, False, False),
            (9, "2026-03-02", 300, False, False, False),
            (10, "2026-03-02", 86400, False, True, False),
        ],
    ),
    "memberships": (
        (
            "SELECT membership_month, new_memberships, renewed, reactivated, suspended, canceled, expired, lost, "
            "active_at_end FROM servicetitan__memberships WHERE membership_month >= '2026-01-01' OR "
            "new_memberships > 0 ORDER BY 1"
        ),
        [
            ("2025-02-01", 1, 0, 0, 0, 0, 0, 0, 1),
            ("2025-03-01", 1, 0, 0, 0, 0, 0, 0, 2),
            ("2026-01-01", 2, 0, 0, 0, 0, 0, 0, 4),
            ("2026-02-01", 1, 0, 0, 1, 0, 1, 1, 3),
            ("2026-03-01", 0, 1, 1, 0, 1, 0, 1, 3),
            ("2026-04-01", 0, 0, 0, 0, 0, 0, 0, 3),
        ],
    ),
    "receivables": (
        (
            "SELECT balance_date, open_invoices, not_due, overdue_1_to_30, overdue_31_to_60, open_balance FROM "
            "servicetitan__receivables WHERE balance_date IN ('2026-02-28', '2026-03-01', '2026-03-05', "
            "'2026-03-06', '2026-03-07', '2026-03-12', '2026-03-20', '2026-04-05', '2026-04-06', '2026-04-20') "
            "ORDER BY 1"
        ),
        [
            ("2026-02-28", 1, 230, 0, 0, 230),
            ("2026-03-01", 1, 30, 0, 0, 30),
            # Due today is not overdue.
            ("2026-03-05", 2, 55, 0, 0, 55),
            ("2026-03-06", 3, 10, 25, 0, 35),
            ("2026-03-07", 2, 30, -20, 0, 10),
            ("2026-03-12", 3, 79.99, -20, 0, 59.99),
            # The first is overdue, and the third is open again.
            ("2026-03-20", 4, 49.99, 20, 0, 69.99),
            # The adjustment is due for 30 days, and for 31.
            ("2026-04-05", 4, 49.99, 20, 0, 69.99),
            ("2026-04-06", 4, 49.99, 40, -20, 69.99),
            ("2026-04-20", 4, 0, 49.99, 20, 69.99),
        ],
    ),
    "technicians": (
        (
            "SELECT technician_name, score_date, jobs_completed, opportunities, converted_jobs, "
            "closed_opportunities, completed_revenue, adjustment_revenue, rating_sum, rating_count, "
            "membership_opportunities, memberships_sold, sold_estimates, total_sales, sold_hours, paid_hours, "
            "labor_pay, other_pay, recalls_caused FROM servicetitan__technicians ORDER BY 1, 2"
        ),
        [
            ("Tia", "2026-02-28", 1, 1, 1, 0, 100, 0, 9, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0),
            ("Tia", "2026-03-05", 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1),
            ("Tia", "2026-03-08", 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 1, 300, 0, 0, 0, 0, 0),
            ("Tia", "2026-03-31", 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 60, 0, 0, 0, 0, 0),
            ("Tom", "2026-01-20", 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0),
            ("Tom", "2026-02-28", 1, 1, 1, 0, 100, 0, 9, 2, 0, 0, 0, 0, 2, 2, 60, 15, 0),
            ("Tom", "2026-03-05", 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1),
            ("Tom", "2026-03-06", 0, 0, 0, 0, 0, -20, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0),
            ("Tom", "2026-03-10", 2, 1, 1, 0, 50, 0, 0, 0, 1, 0, 1, 40, 0, 0, 0, 0, 0),
            ("Tom", "2026-03-11", 1, 1, 0, 1, 49.99, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0),
        ],
    ),
    "job costing": (
        (
            "SELECT job_id, revenue, labor_cost, bonus_cost, material_cost, equipment_cost, purchase_order_cost, "
            "total_cost, gross_margin FROM servicetitan__job_costing ORDER BY 1"
        ),
        [
            # The order's second item is 33, its tax and shipping are 7.
            (1, 180, 60, 15, 20, 80, 40, 215, -35),
            (2, 0, 0, 0, 0, 0, 0, 0, 0),
            (3, 50, 0, 0, 0, 0, 0, 0, 50),
            (4, 0, 0, 0, 0, 0, 0, 0, 0),
            (5, 49.99, 0, 0, 0, 0, 0, 0, 49.99),
        ],
    ),
    "campaigns": (
        (
            "SELECT campaign_name, category_name, campaign_month, lead_calls, booked_calls, jobs_booked, "
            "jobs_completed, completed_revenue, cost FROM servicetitan__campaigns ORDER BY 3"
        ),
        [
            ("Radio", "Air", "2026-02-01", 1, 1, 1, 1, 200, 56),
            ("Radio", "Air", "2026-03-01", 0, 0, 0, 0, 0, 62),
        ],
    ),
    "customers": (
        (
            "SELECT customer_name, merged_customers, job_count, completed_job_count, first_completed_date, "
            "last_completed_date, lifetime_revenue, open_balance, is_member FROM servicetitan__customers ORDER BY"
            " 1"
        ),
        [
            ("Cid", 2, 1, 1, "2026-02-28", "2026-02-28", 205, 10, True),
            ("Dora", 0, 3, 3, "2026-03-10", "2026-03-11", 99.99, 59.99, False),
            ("Eve", 0, 4, 1, "2026-03-08", "2026-03-08", 0, 0, False),
        ],
    ),
}
"""What the models give, by mart: a query, and its rows."""
