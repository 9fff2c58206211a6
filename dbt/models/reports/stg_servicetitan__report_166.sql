{{ config(enabled=var('servicetitan__using_reports')) }}

{{ servicetitan.stage_report(
    'report_166',
    [
        'employee_name text',
        'duration number',
        'gross_pay number',
    ]
) }}
