{{ config(enabled=var('servicetitan__using_reports')) }}

{{ servicetitan.stage_report(
    'report_171',
    [
        'technician_id integer',
        'name text technician_name',
        'membership_opportunities number',
        'memberships_sold number',
        'membership_conversion_rate number',
        'adjustment_revenue number',
        'completed_revenue_with_adjustments number',
    ]
) }}
