{{ config(enabled=var('servicetitan__using_reports')) }}

{{ servicetitan.stage_report(
    'report_162',
    [
        'job_number text',
        'customer_name text',
        'job_type text',
        'job_status text',
        'campaign text',
        'total number',
    ]
) }}
