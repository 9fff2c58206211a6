{{ config(enabled=var('servicetitan__using_reports')) }}

{{ servicetitan.stage_report(
    'report_178',
    [
        'name text business_unit_name',
        'opportunities number',
        'converted number',
        'conversion_rate number',
    ]
) }}
