-- What became of each membership, and on which day.
with memberships as (
    select * from {{ ref('stg_servicetitan__memberships') }}
),

changes as (
    select
        membership_status_change_id,
        tenant_id,
        membership_id,
        old_status,
        new_status,
        changed_date,
        row_number() over (
            partition by tenant_id, membership_id order by changed_on desc, membership_status_change_id desc
        ) as from_last,
        row_number() over (
            partition by tenant_id, membership_id order by changed_on, membership_status_change_id
        ) as from_first
    from {{ ref('stg_servicetitan__membership_status_changes') }}
),

-- Without a history, a membership was active until it was not.
unexplained as (
    select
        memberships.tenant_id,
        memberships.membership_id,
        coalesce(changes.new_status, 'Active') as old_status,
        memberships.membership_status as new_status,
        coalesce(
            case when memberships.membership_status = 'Canceled' then memberships.cancellation_date end,
            case when memberships.membership_status = 'Expired' then memberships.to_date end,
            {{ servicetitan.local_date('memberships.modified_on') }}
        ) as changed_date
    from memberships
    left join changes
        on changes.tenant_id = memberships.tenant_id
        and changes.membership_id = memberships.membership_id
        and changes.from_last = 1
    where coalesce(changes.new_status, 'Active') <> memberships.membership_status
),

statuses as (
    select
        memberships.tenant_id,
        memberships.membership_id,
        memberships.created_date as event_date,
        cast(null as {{ dbt.type_string() }}) as old_status,
        coalesce(changes.old_status, 'Active') as new_status,
        'new' as event
    from memberships
    left join changes
        on changes.tenant_id = memberships.tenant_id
        and changes.membership_id = memberships.membership_id
        and changes.from_first = 1

    union all

    select tenant_id, membership_id, changed_date as event_date, old_status, new_status, 'change' as event
    from changes

    union all

    select tenant_id, membership_id, changed_date as event_date, old_status, new_status, 'change' as event
    from unexplained
),

-- The API dates no renewal. A membership whose end lies beyond its first term was renewed when that term ended.
first_terms as (
    select
        tenant_id,
        membership_id,
        to_date,
        {{ servicetitan.add_to_date('month', 'duration_months', 'from_date') }} as term_end
    from memberships
    where duration_months > 0 and from_date is not null and to_date is not null
),

renewals as (
    select tenant_id, membership_id, term_end as event_date
    from first_terms
    where to_date > {{ servicetitan.add_to_date('day', 15, 'term_end') }}
)

select
    statuses.tenant_id,
    statuses.membership_id,
    memberships.membership_type_id,
    memberships.business_unit_id,
    memberships.customer_id,
    memberships.sold_by_id,
    statuses.event_date,
    case
        when statuses.event = 'new' then 'new'
        when statuses.new_status = 'Active' then 'reactivated'
        else lower(statuses.new_status)
    end as event,
    case when statuses.new_status = 'Active' then 1 else 0 end
        - case when statuses.old_status = 'Active' then 1 else 0 end as active_change
from statuses
inner join memberships
    on memberships.tenant_id = statuses.tenant_id
    and memberships.membership_id = statuses.membership_id

union all

select
    renewals.tenant_id,
    renewals.membership_id,
    memberships.membership_type_id,
    memberships.business_unit_id,
    memberships.customer_id,
    memberships.sold_by_id,
    renewals.event_date,
    'renewed' as event,
    0 as active_change
from renewals
inner join memberships
    on memberships.tenant_id = renewals.tenant_id
    and memberships.membership_id = renewals.membership_id
