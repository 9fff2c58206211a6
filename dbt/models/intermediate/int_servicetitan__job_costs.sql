-- What each job cost: time, items of its invoices, and what was ordered for it and is on no invoice.
with lines as (
    select
        tenant_id,
        job_id,
        {{ servicetitan.total("case when item_type = 'Material' then total_cost end") }} as material_cost,
        {{ servicetitan.total("case when item_type = 'Equipment' then total_cost end") }} as equipment_cost
    from {{ ref('int_servicetitan__invoice_lines') }}
    where job_id is not null and is_counted
    group by tenant_id, job_id
),

pay as (
    select
        tenant_id,
        job_id,
        {{ servicetitan.total("case when gross_pay_item_type = 'TimesheetTime' then paid_hours end") }} as labor_hours,
        {{ servicetitan.total("case when gross_pay_item_type = 'TimesheetTime' then amount end") }} as labor_cost,
        {{ servicetitan.total("case when gross_pay_item_type <> 'TimesheetTime' then amount end") }} as bonus_cost
    from {{ ref('stg_servicetitan__gross_pay_items') }}
    where job_id is not null and coalesce(is_active, true)
    group by tenant_id, job_id
),

invoiced_skus as (
    select distinct tenant_id, job_id, sku_id
    from {{ ref('int_servicetitan__invoice_lines') }}
    where job_id is not null and sku_id is not null and is_counted
),

ordered as (
    select
        lines.tenant_id,
        lines.job_id,
        sum(lines.total) as ordered_cost
    from {{ ref('int_servicetitan__purchase_order_lines') }} as lines
    left join invoiced_skus
        on invoiced_skus.tenant_id = lines.tenant_id
        and invoiced_skus.job_id = lines.job_id
        and invoiced_skus.sku_id = lines.sku_id
    where invoiced_skus.sku_id is null
    group by lines.tenant_id, lines.job_id
),

fees as (
    select
        tenant_id,
        job_id,
        sum(coalesce(tax, 0) + coalesce(shipping, 0)) as ordering_fees,
        sum(coalesce(total, 0)) as purchase_order_total
    from {{ ref('stg_servicetitan__purchase_orders') }}
    where job_id is not null and purchase_order_status not in ('Pending', 'Canceled')
    group by tenant_id, job_id
)

select
    jobs.tenant_id,
    jobs.job_id,
    coalesce(pay.labor_hours, 0) as labor_hours,
    coalesce(pay.labor_cost, 0) as labor_cost,
    coalesce(pay.bonus_cost, 0) as bonus_cost,
    coalesce(lines.material_cost, 0) as material_cost,
    coalesce(lines.equipment_cost, 0) as equipment_cost,
    coalesce(ordered.ordered_cost, 0) + coalesce(fees.ordering_fees, 0) as purchase_order_cost,
    coalesce(fees.purchase_order_total, 0) as purchase_order_total
from {{ ref('stg_servicetitan__jobs') }} as jobs
left join lines on lines.tenant_id = jobs.tenant_id and lines.job_id = jobs.job_id
left join pay on pay.tenant_id = jobs.tenant_id and pay.job_id = jobs.job_id
left join ordered on ordered.tenant_id = jobs.tenant_id and ordered.job_id = jobs.job_id
left join fees on fees.tenant_id = jobs.tenant_id and fees.job_id = jobs.job_id
