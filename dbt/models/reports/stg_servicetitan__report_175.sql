{{ config(enabled=var('servicetitan__using_reports')) }}

{{ servicetitan.stage_report(
    'report_175',
    [
        'name text business_unit_name',
        'completed_revenue number',
        'opportunity_job_average number',
        'opportunity_conversion_rate number',
        'opportunity number',
        'converted_jobs number',
        'customer_satisfaction number',
        'adjustment_revenue number',
        'total_revenue number',
        'non_job_revenue number',
    ]
) }}
