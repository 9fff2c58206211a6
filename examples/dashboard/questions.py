"""What people ask first, as queries of the dbt package's models; each has a row for each month or name."""

BY_MONTH = """
    WITH revenue AS (
        SELECT date_trunc('month', revenue_date) AS month, sum(total_revenue) AS revenue
        FROM servicetitan__revenue GROUP BY ALL
    ), sales AS (
        SELECT date_trunc('month', sales_date) AS month,
            sum(closed_opportunities) / nullif(sum(sales_opportunities), 0) AS close_rate
        FROM servicetitan__sales GROUP BY ALL
    ), calls AS (
        SELECT date_trunc('month', call_date) AS month,
            count(*) FILTER (WHERE is_booked) / nullif(count(*) FILTER (WHERE is_lead), 0) AS booking_rate
        FROM servicetitan__calls GROUP BY ALL
    ), memberships AS (
        SELECT date_trunc('month', membership_month) AS month, sum(active_at_end) AS members,
            sum(new_memberships) AS new, sum(lost) AS lost
        FROM servicetitan__memberships GROUP BY ALL
    )
    SELECT strftime(month, '%Y-%m') AS month, CAST(revenue AS DECIMAL(18, 2)) AS revenue, close_rate, booking_rate,
        CAST(members AS BIGINT) AS members, CAST(new AS BIGINT) AS new, CAST(lost AS BIGINT) AS lost
    FROM revenue LEFT JOIN sales USING (month) LEFT JOIN calls USING (month) LEFT JOIN memberships USING (month)
    WHERE month > (SELECT max(month) FROM revenue) - INTERVAL 12 MONTH
    ORDER BY month
"""

REVENUE_BY_UNIT = """
    SELECT strftime(revenue_date, '%Y-%m') AS month, business_unit_name AS unit,
        CAST(sum(total_revenue) AS DOUBLE) AS revenue
    FROM servicetitan__revenue
    WHERE revenue_date >= date_trunc('month', (SELECT max(revenue_date) FROM servicetitan__revenue)) - INTERVAL 11 MONTH
    GROUP BY ALL ORDER BY ALL
"""

TECHNICIANS = """
    SELECT technician_name AS technician, CAST(sum(jobs_completed) AS BIGINT) AS jobs,
        CAST(round(sum(completed_revenue), 2) AS DOUBLE) AS revenue,
        sum(converted_jobs) / nullif(sum(opportunities), 0) AS conversion_rate,
        CAST(sum(total_sales) AS DOUBLE) AS sales, CAST(sum(memberships_sold) AS BIGINT) AS memberships
    FROM servicetitan__technicians
    WHERE score_date > (SELECT max(score_date) FROM servicetitan__technicians) - INTERVAL 90 DAY
    GROUP BY ALL ORDER BY revenue DESC
"""

RECEIVABLES = """
    SELECT business_unit_name AS unit, CAST(sum(not_due) AS DOUBLE) AS not_due,
        CAST(sum(overdue_1_to_30) AS DOUBLE) AS "1 to 30 days", CAST(sum(overdue_31_to_60) AS DOUBLE) AS "31 to 60",
        CAST(sum(overdue_61_to_90) AS DOUBLE) AS "61 to 90", CAST(sum(overdue_over_90) AS DOUBLE) AS "over 90"
    FROM servicetitan__receivables
    WHERE balance_date = (SELECT max(balance_date) FROM servicetitan__receivables)
    GROUP BY ALL ORDER BY ALL
"""
