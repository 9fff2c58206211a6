with survivors as (
    select * from {{ ref('int_servicetitan__surviving_customers') }}
),

merged as (
    select tenant_id, surviving_customer_id as customer_id, count(*) - 1 as merged_customers
    from survivors
    group by tenant_id, surviving_customer_id
),

jobs as (
    select
        tenant_id,
        customer_id,
        count(*) as job_count,
        {{ servicetitan.count_if('is_completed') }} as completed_job_count,
        min(case when is_completed then completed_date end) as first_completed_date,
        max(case when is_completed then completed_date end) as last_completed_date
    from {{ ref('servicetitan__jobs') }}
    group by tenant_id, customer_id
),

revenue as (
    select
        lines.tenant_id,
        coalesce(survivors.surviving_customer_id, lines.customer_id) as customer_id,
        sum(lines.income) as lifetime_revenue
    from {{ ref('int_servicetitan__invoice_lines') }} as lines
    left join survivors
        on survivors.tenant_id = lines.tenant_id
        and survivors.customer_id = lines.customer_id
    where lines.revenue_date is not null and lines.is_counted
    group by lines.tenant_id, coalesce(survivors.surviving_customer_id, lines.customer_id)
),

balances as (
    select
        invoices.tenant_id,
        coalesce(survivors.surviving_customer_id, invoices.customer_id) as customer_id,
        {{ servicetitan.total('invoices.balance') }} as open_balance
    from {{ ref('stg_servicetitan__invoices') }} as invoices
    left join survivors
        on survivors.tenant_id = invoices.tenant_id
        and survivors.customer_id = invoices.customer_id
    where coalesce(invoices.is_active, true)
    group by invoices.tenant_id, coalesce(survivors.surviving_customer_id, invoices.customer_id)
),

memberships as (
    select
        memberships.tenant_id,
        coalesce(survivors.surviving_customer_id, memberships.customer_id) as customer_id,
        {{ servicetitan.count_if("memberships.membership_status = 'Active'") }} as active_memberships
    from {{ ref('stg_servicetitan__memberships') }} as memberships
    left join survivors
        on survivors.tenant_id = memberships.tenant_id
        and survivors.customer_id = memberships.customer_id
    group by memberships.tenant_id, coalesce(survivors.surviving_customer_id, memberships.customer_id)
)

select
    customers.tenant_id,
    customers.customer_id,
    customers.customer_name,
    customers.customer_type,
    customers.city,
    customers.state,
    customers.postal_code,
    customers.created_date,
    customers.is_active,
    merged.merged_customers,
    coalesce(jobs.job_count, 0) as job_count,
    coalesce(jobs.completed_job_count, 0) as completed_job_count,
    jobs.first_completed_date,
    jobs.last_completed_date,
    coalesce(revenue.lifetime_revenue, 0) as lifetime_revenue,
    coalesce(balances.open_balance, 0) as open_balance,
    coalesce(memberships.active_memberships, 0) > 0 as is_member
from {{ ref('stg_servicetitan__customers') }} as customers
-- Only customers that were merged into no other have a row here.
inner join merged
    on merged.tenant_id = customers.tenant_id
    and merged.customer_id = customers.customer_id
left join jobs on jobs.tenant_id = customers.tenant_id and jobs.customer_id = customers.customer_id
left join revenue on revenue.tenant_id = customers.tenant_id and revenue.customer_id = customers.customer_id
left join balances on balances.tenant_id = customers.tenant_id and balances.customer_id = customers.customer_id
left join memberships on memberships.tenant_id = customers.tenant_id and memberships.customer_id = customers.customer_id
