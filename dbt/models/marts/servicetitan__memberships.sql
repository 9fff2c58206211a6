{{ config(enabled=var('servicetitan__using_memberships')) }}

with events as (
    select * from {{ ref('int_servicetitan__membership_events') }}
),

first_months as (
    select
        tenant_id,
        membership_type_id,
        {{ servicetitan.month_of('min(event_date)') }} as first_month
    from events
    group by tenant_id, membership_type_id
),

months as (
    select
        first_months.tenant_id,
        first_months.membership_type_id,
        {{ servicetitan.add_to_date('month', 'numbers.number', 'first_months.first_month') }} as membership_month
    from first_months
    inner join ({{ servicetitan.numbers() }}) as numbers
        on {{ servicetitan.add_to_date('month', 'numbers.number', 'first_months.first_month') }} <= {{ servicetitan.today() }}
        and numbers.number < 1200
),

sums as (
    select
        tenant_id,
        membership_type_id,
        {{ servicetitan.month_of('event_date') }} as membership_month,
        {{ servicetitan.count_if("event = 'new'") }} as new_memberships,
        {{ servicetitan.count_if("event = 'renewed'") }} as renewed,
        {{ servicetitan.count_if("event = 'reactivated'") }} as reactivated,
        {{ servicetitan.count_if("event = 'suspended'") }} as suspended,
        {{ servicetitan.count_if("event = 'canceled'") }} as canceled,
        {{ servicetitan.count_if("event = 'expired'") }} as expired,
        {{ servicetitan.count_if("event = 'deleted'") }} as deleted,
        sum(active_change) as active_change
    from events
    group by tenant_id, membership_type_id, {{ servicetitan.month_of('event_date') }}
)

select
    months.tenant_id,
    months.membership_type_id,
    types.membership_type_name,
    months.membership_month,
    coalesce(sums.new_memberships, 0) as new_memberships,
    coalesce(sums.renewed, 0) as renewed,
    coalesce(sums.reactivated, 0) as reactivated,
    coalesce(sums.suspended, 0) as suspended,
    coalesce(sums.canceled, 0) as canceled,
    coalesce(sums.expired, 0) as expired,
    coalesce(sums.deleted, 0) as deleted,
    coalesce(sums.canceled, 0) + coalesce(sums.expired, 0) + coalesce(sums.deleted, 0) as lost,
    sum(coalesce(sums.active_change, 0)) over (
        partition by months.tenant_id, months.membership_type_id
        order by months.membership_month
        rows between unbounded preceding and current row
    ) as active_at_end
from months
left join sums
    on sums.tenant_id = months.tenant_id
    and sums.membership_type_id = months.membership_type_id
    and sums.membership_month = months.membership_month
left join {{ ref('stg_servicetitan__membership_types') }} as types
    on types.tenant_id = months.tenant_id
    and types.membership_type_id = months.membership_type_id
