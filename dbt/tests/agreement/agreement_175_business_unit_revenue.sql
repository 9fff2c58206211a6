{{ config(enabled=var('servicetitan__using_reports')) }}

-- Revenue of each business unit, of all three kinds, and its opportunities.
with revenue as (
    select
        spans.tenant_id,
        spans.window_from,
        revenue.business_unit_id,
        sum(revenue.completed_revenue) as completed_revenue,
        sum(revenue.adjustment_revenue) as adjustment_revenue,
        sum(revenue.non_job_revenue) as non_job_revenue,
        sum(revenue.total_revenue) as total_revenue
    from ({{ servicetitan.spans_of('report_175') }}) as spans
    inner join {{ ref('servicetitan__revenue') }} as revenue
        on revenue.tenant_id = spans.tenant_id
        and revenue.revenue_date between spans.window_from and spans.window_to
    group by spans.tenant_id, spans.window_from, revenue.business_unit_id
),

jobs as (
    select
        spans.tenant_id,
        spans.window_from,
        jobs.business_unit_id,
        {{ servicetitan.count_if('jobs.is_opportunity') }} as opportunity,
        {{ servicetitan.count_if('jobs.is_converted') }} as converted_jobs,
        sum(jobs.rating_sum) as rating_sum,
        sum(jobs.rating_count) as rating_count
    from ({{ servicetitan.spans_of('report_175') }}) as spans
    inner join {{ ref('servicetitan__jobs') }} as jobs
        on jobs.tenant_id = spans.tenant_id
        and jobs.completed_date between spans.window_from and spans.window_to
        and jobs.is_completed
    group by spans.tenant_id, spans.window_from, jobs.business_unit_id
),

ours as (
    select
        spans.tenant_id,
        spans.window_from,
        units.business_unit_name,
        revenue.completed_revenue,
        revenue.adjustment_revenue,
        revenue.non_job_revenue,
        revenue.total_revenue,
        jobs.opportunity,
        jobs.converted_jobs,
        {{ servicetitan.ratio('revenue.completed_revenue', 'jobs.opportunity') }} as opportunity_job_average,
        {{ servicetitan.ratio('jobs.converted_jobs', 'jobs.opportunity') }} as opportunity_conversion_rate,
        {{ servicetitan.ratio('jobs.rating_sum', 'jobs.rating_count') }} as customer_satisfaction
    from ({{ servicetitan.spans_of('report_175') }}) as spans
    inner join {{ ref('stg_servicetitan__business_units') }} as units
        on units.tenant_id = spans.tenant_id
    left join revenue
        on revenue.tenant_id = spans.tenant_id
        and revenue.window_from = spans.window_from
        and revenue.business_unit_id = units.business_unit_id
    left join jobs
        on jobs.tenant_id = spans.tenant_id
        and jobs.window_from = spans.window_from
        and jobs.business_unit_id = units.business_unit_id
),

theirs as (
    select * from {{ ref('stg_servicetitan__report_175') }}
)

{{ servicetitan.disagreements(
    ['tenant_id', 'window_from', 'business_unit_name'],
    {
        'completed_revenue': 0.01, 'adjustment_revenue': 0.01, 'non_job_revenue': 0.01, 'total_revenue': 0.01,
        'opportunity': 0.5, 'converted_jobs': 0.5, 'opportunity_job_average': 0.01,
        'opportunity_conversion_rate': 0.0001, 'customer_satisfaction': 0.0001,
    }
) }}
