{{ config(enabled=var('servicetitan__using_reports') and var('servicetitan__using_memberships')) }}

-- How many memberships of each type began and ended, and how many were active at the end. Renewals are left out: the API
-- does not say when they happened.
with ours as (
    select
        spans.tenant_id,
        spans.window_from,
        types.membership_type_name,
        {%- for name, event in {
            'suspended': 'suspended', 'canceled': 'canceled', 'expired': 'expired', 'deleted': 'deleted',
            'reactivated': 'reactivated', 'new_sales': 'new',
        }.items() %}
        {{ servicetitan.count_if("events.event = '" ~ event ~ "' and events.event_date >= spans.window_from") }} as {{ name }},
        {%- endfor %}
        coalesce(sum(events.active_change), 0) as active_at_end
    from ({{ servicetitan.spans_of('report_182') }}) as spans
    inner join {{ ref('stg_servicetitan__membership_types') }} as types
        on types.tenant_id = spans.tenant_id
    left join {{ ref('int_servicetitan__membership_events') }} as events
        on events.tenant_id = spans.tenant_id
        and events.membership_type_id = types.membership_type_id
        and events.event_date <= spans.window_to
    group by spans.tenant_id, spans.window_from, types.membership_type_name
),

theirs as (
    select * from {{ ref('stg_servicetitan__report_182') }}
)

{{ servicetitan.disagreements(
    ['tenant_id', 'window_from', 'membership_type_name'],
    {
        'suspended': 0.5, 'canceled': 0.5, 'expired': 0.5, 'deleted': 0.5, 'reactivated': 0.5, 'new_sales': 0.5,
        'active_at_end': 0.5,
    }
) }}
