{{ config(enabled=var('servicetitan__using_reports')) }}

{{ servicetitan.stage_report(
    'report_179',
    [
        'name text business_unit_name',
        'total_sales number',
        'closed_average_sale number',
        'close_rate number',
        'sales_opportunity number',
        'options_per_opportunity number',
        'adjustment_revenue number',
        'total_revenue number',
        'non_job_revenue number',
    ]
) }}
