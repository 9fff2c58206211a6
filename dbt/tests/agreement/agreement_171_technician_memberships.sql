{{ config(enabled=var('servicetitan__using_reports') and var('servicetitan__using_memberships')) }}

-- What memberships each technician sold and could have sold, and revenue with adjustments.
with ours as (
    select
        spans.tenant_id,
        spans.window_from,
        technicians.technician_id,
        coalesce(sum(scores.membership_opportunities), 0) as membership_opportunities,
        coalesce(sum(scores.memberships_sold), 0) as memberships_sold,
        {{ servicetitan.ratio('sum(scores.memberships_sold)', 'sum(scores.membership_opportunities)') }}
            as membership_conversion_rate,
        coalesce(sum(scores.adjustment_revenue), 0) as adjustment_revenue,
        coalesce(sum(scores.completed_revenue + scores.adjustment_revenue), 0) as completed_revenue_with_adjustments
    from ({{ servicetitan.spans_of('report_171') }}) as spans
    inner join {{ ref('stg_servicetitan__technicians') }} as technicians
        on technicians.tenant_id = spans.tenant_id
    left join {{ ref('servicetitan__technicians') }} as scores
        on scores.tenant_id = spans.tenant_id
        and scores.technician_id = technicians.technician_id
        and scores.score_date between spans.window_from and spans.window_to
    group by spans.tenant_id, spans.window_from, technicians.technician_id
),

theirs as (
    select * from {{ ref('stg_servicetitan__report_171') }}
)

{{ servicetitan.disagreements(
    ['tenant_id', 'window_from', 'technician_id'],
    {
        'membership_opportunities': 0.5, 'memberships_sold': 0.5, 'membership_conversion_rate': 0.0001,
        'adjustment_revenue': 0.01, 'completed_revenue_with_adjustments': 0.01,
    }
) }}
