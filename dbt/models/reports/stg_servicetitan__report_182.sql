{{ config(enabled=var('servicetitan__using_reports')) }}

{{ servicetitan.stage_report(
    'report_182',
    [
        'name text membership_type_name',
        'suspended number',
        'canceled number',
        'expired number',
        'deleted number',
        'reactivated number',
        'renewed number',
        'new_sales number',
        'active_at_end number',
    ]
) }}
