{{ config(enabled=var('servicetitan__using_reports')) }}

-- Revenue, opportunities and conversion of each technician.
with ours as (
    select
        spans.tenant_id,
        spans.window_from,
        technicians.technician_id,
        coalesce(sum(scores.completed_revenue), 0) as completed_revenue,
        coalesce(sum(scores.opportunities), 0) as opportunity,
        coalesce(sum(scores.converted_jobs), 0) as converted_jobs,
        {{ servicetitan.ratio('sum(scores.completed_revenue)', 'sum(scores.opportunities)') }} as opportunity_job_average,
        {{ servicetitan.ratio('sum(scores.converted_jobs)', 'sum(scores.opportunities)') }} as opportunity_conversion_rate,
        {{ servicetitan.ratio('sum(scores.rating_sum)', 'sum(scores.rating_count)') }} as customer_satisfaction
    from ({{ servicetitan.spans_of('report_168') }}) as spans
    inner join {{ ref('stg_servicetitan__technicians') }} as technicians
        on technicians.tenant_id = spans.tenant_id
    left join {{ ref('servicetitan__technicians') }} as scores
        on scores.tenant_id = spans.tenant_id
        and scores.technician_id = technicians.technician_id
        and scores.score_date between spans.window_from and spans.window_to
    group by spans.tenant_id, spans.window_from, technicians.technician_id
),

theirs as (
    select * from {{ ref('stg_servicetitan__report_168') }}
)

{{ servicetitan.disagreements(
    ['tenant_id', 'window_from', 'technician_id'],
    {
        'completed_revenue': 0.01, 'opportunity': 0.5, 'converted_jobs': 0.5, 'opportunity_job_average': 0.01,
        'opportunity_conversion_rate': 0.0001, 'customer_satisfaction': 0.0001,
    }
) }}
