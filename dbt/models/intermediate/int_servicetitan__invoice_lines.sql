{{ config(
    materialized='incremental',
    unique_key=['tenant_id', 'invoice_item_id'],
    incremental_strategy=servicetitan.replace_rows(),
    on_schema_change='append_new_columns'
) }}

with invoices as (
    select * from {{ ref('stg_servicetitan__invoices') }}
),

jobs as (
    select * from {{ ref('stg_servicetitan__jobs') }}
),

lines as (
    select
        items.tenant_id,
        items.invoice_item_id,
        items.invoice_id,
        invoices.job_id,
        invoices.customer_id,
        coalesce(items.business_unit_id, invoices.business_unit_id) as business_unit_id,
        items.technician_id,
        items.sku_id,
        items.item_type,
        items.gl_account_type,
        coalesce(items.total, 0) as total,
        coalesce(items.total_cost, 0) as total_cost,
        coalesce(items.sold_hours, 0) as sold_hours,
        invoices.invoice_date,
        jobs.completed_date,
        coalesce(items.is_active, true) and coalesce(invoices.is_active, true) as is_counted,
        case
            when invoices.adjustment_to_invoice_id is not null then 'adjustment'
            when invoices.job_id is null then 'non_job'
            else 'completed'
        end as revenue_kind,
        jobs.job_status = 'Completed' and coalesce(jobs.is_active, true) as is_of_completed_job,
        {{ servicetitan.latest(['items.modified_on', 'invoices.modified_on', 'jobs.modified_on']) }} as changed_on
    from {{ ref('stg_servicetitan__invoice_items') }} as items
    inner join invoices
        on invoices.tenant_id = items.tenant_id
        and invoices.invoice_id = items.invoice_id
    left join jobs
        on jobs.tenant_id = invoices.tenant_id
        and jobs.job_id = invoices.job_id
)

select
    tenant_id,
    invoice_item_id,
    invoice_id,
    job_id,
    customer_id,
    business_unit_id,
    technician_id,
    sku_id,
    item_type,
    is_counted,
    total,
    total_cost,
    sold_hours,
    revenue_kind,
    case when is_counted and gl_account_type = 'Income' then total else 0 end as income,
    case
        when revenue_kind <> 'completed' then invoice_date
        when is_of_completed_job then completed_date
    end as revenue_date,
    changed_on
from lines
where {{ servicetitan.changed_lately('changed_on') }}
