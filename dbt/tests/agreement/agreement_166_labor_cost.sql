{{ config(enabled=var('servicetitan__using_reports') and var('servicetitan__using_payroll')) }}

-- What technicians are paid for their time.
with ours as (
    select
        spans.tenant_id,
        spans.window_from,
        technicians.technician_name,
        sum(technicians.paid_hours) as hours,
        sum(technicians.labor_pay) as pay
    from ({{ servicetitan.spans_of('report_166') }}) as spans
    inner join {{ ref('servicetitan__technicians') }} as technicians
        on technicians.tenant_id = spans.tenant_id
        and technicians.score_date between spans.window_from and spans.window_to
    group by spans.tenant_id, spans.window_from, technicians.technician_name
    having sum(technicians.paid_hours) <> 0
),

theirs as (
    select
        report.tenant_id,
        report.window_from,
        report.employee_name as technician_name,
        sum(report.duration) as hours,
        sum(report.gross_pay) as pay
    from {{ ref('stg_servicetitan__report_166') }} as report
    where exists (
        select 1
        from {{ ref('stg_servicetitan__technicians') }} as technicians
        where technicians.tenant_id = report.tenant_id and technicians.technician_name = report.employee_name
    )
    group by report.tenant_id, report.window_from, report.employee_name
)

{{ servicetitan.disagreements(['tenant_id', 'window_from', 'technician_name'], {'hours': 0.005, 'pay': 0.01}) }}
