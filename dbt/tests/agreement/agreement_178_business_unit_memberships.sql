{{ config(enabled=var('servicetitan__using_reports') and var('servicetitan__using_memberships')) }}

-- How many customers could have become members, and how many of them did within the span.
with jobs as (
    select
        spans.tenant_id,
        spans.window_from,
        jobs.business_unit_id,
        jobs.job_id,
        max(case when events.membership_id is null then 0 else 1 end) as converted
    from ({{ servicetitan.spans_of('report_178') }}) as spans
    inner join {{ ref('servicetitan__jobs') }} as jobs
        on jobs.tenant_id = spans.tenant_id
        and jobs.completed_date between spans.window_from and spans.window_to
        and jobs.is_membership_opportunity
    left join (
        select
            events.tenant_id,
            events.membership_id,
            events.event_date,
            survivors.surviving_customer_id
        from {{ ref('int_servicetitan__membership_events') }} as events
        inner join {{ ref('int_servicetitan__surviving_customers') }} as survivors
            on survivors.tenant_id = events.tenant_id
            and survivors.customer_id = events.customer_id
        where events.event = 'new'
    ) as events
        on events.tenant_id = jobs.tenant_id
        and events.surviving_customer_id = jobs.customer_id
        and events.event_date between spans.window_from and spans.window_to
    group by spans.tenant_id, spans.window_from, jobs.business_unit_id, jobs.job_id
),

ours as (
    select
        spans.tenant_id,
        spans.window_from,
        units.business_unit_name,
        count(jobs.job_id) as opportunities,
        coalesce(sum(jobs.converted), 0) as converted,
        {{ servicetitan.ratio('sum(jobs.converted)', 'count(jobs.job_id)') }} as conversion_rate
    from ({{ servicetitan.spans_of('report_178') }}) as spans
    inner join {{ ref('stg_servicetitan__business_units') }} as units
        on units.tenant_id = spans.tenant_id
    left join jobs
        on jobs.tenant_id = spans.tenant_id
        and jobs.window_from = spans.window_from
        and jobs.business_unit_id = units.business_unit_id
    group by spans.tenant_id, spans.window_from, units.business_unit_name
),

theirs as (
    select * from {{ ref('stg_servicetitan__report_178') }}
)

{{ servicetitan.disagreements(
    ['tenant_id', 'window_from', 'business_unit_name'],
    {'opportunities': 0.5, 'converted': 0.5, 'conversion_rate': 0.0001}
) }}
