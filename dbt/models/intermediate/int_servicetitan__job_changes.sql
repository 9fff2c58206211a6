-- When anything last changed that a job's figures are made of: incremental models read those jobs again.
with jobs as (
    select * from {{ ref('stg_servicetitan__jobs') }}
),

customer_changes as (
    select
        customers.tenant_id,
        survivors.surviving_customer_id,
        max(customers.modified_on) as changed_on
    from {{ ref('stg_servicetitan__customers') }} as customers
    inner join {{ ref('int_servicetitan__surviving_customers') }} as survivors
        on survivors.tenant_id = customers.tenant_id
        and survivors.customer_id = customers.customer_id
    group by customers.tenant_id, survivors.surviving_customer_id
),

membership_changes as (
    select
        memberships.tenant_id,
        survivors.surviving_customer_id,
        max(memberships.modified_on) as changed_on
    from {{ ref('stg_servicetitan__memberships') }} as memberships
    inner join {{ ref('int_servicetitan__surviving_customers') }} as survivors
        on survivors.tenant_id = memberships.tenant_id
        and survivors.customer_id = memberships.customer_id
    group by memberships.tenant_id, survivors.surviving_customer_id
),

changes as (
    select tenant_id, job_id, modified_on as changed_on from jobs
    union all
    select tenant_id, recall_for_job_id as job_id, modified_on as changed_on from jobs where recall_for_job_id is not null
    union all
    select tenant_id, job_id, changed_on from {{ ref('int_servicetitan__invoice_lines') }} where job_id is not null
    union all
    select tenant_id, job_id, modified_on as changed_on
    from {{ ref('stg_servicetitan__invoices') }} where job_id is not null
    union all
    select tenant_id, job_id, modified_on as changed_on
    from {{ ref('stg_servicetitan__estimates') }} where job_id is not null
    union all
    select tenant_id, job_id, modified_on as changed_on from {{ ref('stg_servicetitan__technician_ratings') }}
    union all
    select tenant_id, job_id, modified_on as changed_on
    from {{ ref('stg_servicetitan__gross_pay_items') }} where job_id is not null
    union all
    select tenant_id, job_id, modified_on as changed_on
    from {{ ref('stg_servicetitan__purchase_orders') }} where job_id is not null
    union all
    select jobs.tenant_id, jobs.job_id, job_types.modified_on as changed_on
    from jobs
    inner join {{ ref('stg_servicetitan__job_types') }} as job_types
        on job_types.tenant_id = jobs.tenant_id
        and job_types.job_type_id = jobs.job_type_id
    union all
    select jobs.tenant_id, jobs.job_id, customer_changes.changed_on
    from jobs
    inner join {{ ref('int_servicetitan__surviving_customers') }} as survivors
        on survivors.tenant_id = jobs.tenant_id
        and survivors.customer_id = jobs.customer_id
    inner join customer_changes
        on customer_changes.tenant_id = survivors.tenant_id
        and customer_changes.surviving_customer_id = survivors.surviving_customer_id
    union all
    select jobs.tenant_id, jobs.job_id, membership_changes.changed_on
    from jobs
    inner join {{ ref('int_servicetitan__surviving_customers') }} as survivors
        on survivors.tenant_id = jobs.tenant_id
        and survivors.customer_id = jobs.customer_id
    inner join membership_changes
        on membership_changes.tenant_id = survivors.tenant_id
        and membership_changes.surviving_customer_id = survivors.surviving_customer_id
)

select
    tenant_id,
    job_id,
    max(changed_on) as changed_on
from changes
group by tenant_id, job_id
