-- Merges chain: a customer that others were merged into may have been merged itself.
with recursive chain as (
    select
        tenant_id,
        customer_id,
        customer_id as reached_id,
        merged_to_customer_id,
        0 as steps
    from {{ ref('stg_servicetitan__customers') }}

    union all

    select
        chain.tenant_id,
        chain.customer_id,
        customers.customer_id as reached_id,
        customers.merged_to_customer_id,
        chain.steps + 1 as steps
    from chain
    inner join {{ ref('stg_servicetitan__customers') }} as customers
        on customers.tenant_id = chain.tenant_id
        and customers.customer_id = chain.merged_to_customer_id
    -- Merges in a circle would never end.
    where chain.steps < 20
),

ends as (
    select
        tenant_id,
        customer_id,
        max(steps) as steps
    from chain
    group by tenant_id, customer_id
)

select
    chain.tenant_id,
    chain.customer_id,
    chain.reached_id as surviving_customer_id
from chain
inner join ends
    on ends.tenant_id = chain.tenant_id
    and ends.customer_id = chain.customer_id
    and ends.steps = chain.steps
