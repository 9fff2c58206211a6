{{ config(enabled=var('servicetitan__using_reports')) }}

{{ servicetitan.stage_report(
    'report_168',
    [
        'technician_id integer',
        'name text technician_name',
        'completed_revenue number',
        'opportunity_job_average number',
        'opportunity_conversion_rate number',
        'opportunity number',
        'converted_jobs number',
        'customer_satisfaction number',
    ]
) }}
