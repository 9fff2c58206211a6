{{ config(
    materialized='incremental',
    unique_key=['tenant_id', 'job_id'],
    incremental_strategy=servicetitan.replace_rows(),
    on_schema_change='append_new_columns'
) }}

with changes as (
    select tenant_id, job_id, changed_on
    from {{ ref('int_servicetitan__job_changes') }}
    where {{ servicetitan.changed_lately('changed_on') }}
),

jobs as (
    select
        jobs.*,
        coalesce(survivors.surviving_customer_id, jobs.customer_id) as surviving_customer_id,
        changes.changed_on
    from {{ ref('stg_servicetitan__jobs') }} as jobs
    inner join changes
        on changes.tenant_id = jobs.tenant_id
        and changes.job_id = jobs.job_id
    left join {{ ref('int_servicetitan__surviving_customers') }} as survivors
        on survivors.tenant_id = jobs.tenant_id
        and survivors.customer_id = jobs.customer_id
),

invoices as (
    select
        invoices.tenant_id,
        invoices.job_id,
        {{ servicetitan.total('case when invoices.adjustment_to_invoice_id is null then invoices.subtotal end') }}
            as invoice_subtotal,
        {{ servicetitan.total('invoices.total') }} as invoice_total,
        {{ servicetitan.total('invoices.balance') }} as open_balance
    from {{ ref('stg_servicetitan__invoices') }} as invoices
    inner join changes
        on changes.tenant_id = invoices.tenant_id
        and changes.job_id = invoices.job_id
    where coalesce(invoices.is_active, true)
    group by invoices.tenant_id, invoices.job_id
),

lines as (
    select
        lines.tenant_id,
        lines.job_id,
        {{ servicetitan.total("case when lines.revenue_kind = 'completed' then lines.income end") }} as completed_revenue,
        {{ servicetitan.total("case when lines.revenue_kind = 'adjustment' then lines.income end") }} as adjustment_revenue,
        {{ servicetitan.total("case when lines.revenue_kind = 'completed' then lines.sold_hours end") }} as sold_hours
    from {{ ref('int_servicetitan__invoice_lines') }} as lines
    inner join changes
        on changes.tenant_id = lines.tenant_id
        and changes.job_id = lines.job_id
    where lines.is_counted
    group by lines.tenant_id, lines.job_id
),

estimates as (
    select
        estimates.tenant_id,
        estimates.job_id,
        count(*) as estimate_count,
        {{ servicetitan.count_if("estimates.estimate_status = 'Sold'") }} as sold_estimate_count,
        {{ servicetitan.total("case when estimates.estimate_status = 'Sold' then estimates.subtotal end") }}
            as sold_estimate_amount
    from {{ ref('stg_servicetitan__estimates') }} as estimates
    inner join changes
        on changes.tenant_id = estimates.tenant_id
        and changes.job_id = estimates.job_id
    group by estimates.tenant_id, estimates.job_id
),

ratings as (
    select
        tenant_id,
        job_id,
        sum(rating) as rating_sum,
        count(rating) as rating_count
    from {{ ref('stg_servicetitan__technician_ratings') }}
    group by tenant_id, job_id
),

recalls as (
    select
        tenant_id,
        recall_for_job_id as job_id,
        count(*) as recall_count
    from {{ ref('stg_servicetitan__jobs') }}
    where recall_for_job_id is not null
    group by tenant_id, recall_for_job_id
),

memberships as (
    select
        memberships.tenant_id,
        coalesce(survivors.surviving_customer_id, memberships.customer_id) as surviving_customer_id,
        memberships.created_on,
        coalesce(memberships.cancellation_time, memberships.to_time) as ended_on
    from {{ ref('stg_servicetitan__memberships') }} as memberships
    left join {{ ref('int_servicetitan__surviving_customers') }} as survivors
        on survivors.tenant_id = memberships.tenant_id
        and survivors.customer_id = memberships.customer_id
),

of_members as (
    select distinct
        jobs.tenant_id,
        jobs.job_id
    from jobs
    inner join memberships
        on memberships.tenant_id = jobs.tenant_id
        and memberships.surviving_customer_id = jobs.surviving_customer_id
    where memberships.created_on < jobs.completed_on
        and coalesce(memberships.ended_on, jobs.completed_on) >= jobs.completed_on
),

figures as (
    select
        jobs.tenant_id,
        jobs.job_id,
        jobs.job_number,
        jobs.job_status,
        jobs.business_unit_id,
        business_units.business_unit_name,
        jobs.job_type_id,
        job_types.job_type_name,
        jobs.campaign_id,
        jobs.surviving_customer_id as customer_id,
        jobs.location_id,
        jobs.project_id,
        jobs.invoice_id,
        jobs.created_on,
        jobs.created_date,
        jobs.completed_on,
        jobs.completed_date,
        jobs.job_status = 'Completed' and jobs.completed_on is not null and coalesce(jobs.is_active, true) as is_completed,
        jobs.job_status = 'Canceled' as is_canceled,
        coalesce(jobs.is_no_charge, false) as is_no_charge,
        jobs.recall_for_job_id is not null as is_recall,
        jobs.recall_for_job_id,
        coalesce(recalls.recall_count, 0) as recall_count,
        coalesce(job_types.sold_threshold, 0) as sold_threshold,
        coalesce(invoices.invoice_subtotal, 0) as invoice_subtotal,
        coalesce(invoices.invoice_total, 0) as invoice_total,
        coalesce(invoices.open_balance, 0) as open_balance,
        coalesce(lines.completed_revenue, 0) as invoiced_income,
        coalesce(lines.adjustment_revenue, 0) as adjustment_revenue,
        coalesce(lines.sold_hours, 0) as sold_hours,
        coalesce(estimates.estimate_count, 0) as estimate_count,
        coalesce(estimates.sold_estimate_count, 0) as sold_estimate_count,
        coalesce(estimates.sold_estimate_amount, 0) as sold_estimate_amount,
        coalesce(ratings.rating_sum, 0) as rating_sum,
        coalesce(ratings.rating_count, 0) as rating_count,
        costs.labor_hours,
        costs.labor_cost,
        costs.bonus_cost,
        costs.material_cost,
        costs.equipment_cost,
        costs.purchase_order_cost,
        of_members.job_id is not null as is_of_member,
        jobs.changed_on
    from jobs
    left join {{ ref('stg_servicetitan__business_units') }} as business_units
        on business_units.tenant_id = jobs.tenant_id
        and business_units.business_unit_id = jobs.business_unit_id
    left join {{ ref('stg_servicetitan__job_types') }} as job_types
        on job_types.tenant_id = jobs.tenant_id
        and job_types.job_type_id = jobs.job_type_id
    left join invoices on invoices.tenant_id = jobs.tenant_id and invoices.job_id = jobs.job_id
    left join lines on lines.tenant_id = jobs.tenant_id and lines.job_id = jobs.job_id
    left join estimates on estimates.tenant_id = jobs.tenant_id and estimates.job_id = jobs.job_id
    left join ratings on ratings.tenant_id = jobs.tenant_id and ratings.job_id = jobs.job_id
    left join recalls on recalls.tenant_id = jobs.tenant_id and recalls.job_id = jobs.job_id
    left join {{ ref('int_servicetitan__job_costs') }} as costs
        on costs.tenant_id = jobs.tenant_id
        and costs.job_id = jobs.job_id
    left join of_members on of_members.tenant_id = jobs.tenant_id and of_members.job_id = jobs.job_id
),

judged as (
    select
        figures.*,
        is_completed and invoice_subtotal >= sold_threshold as is_converted,
        is_completed and (not is_no_charge or invoice_subtotal >= sold_threshold) as is_opportunity
    from figures
)

select
    tenant_id,
    job_id,
    job_number,
    job_status,
    business_unit_id,
    business_unit_name,
    job_type_id,
    job_type_name,
    campaign_id,
    customer_id,
    location_id,
    project_id,
    invoice_id,
    created_on,
    created_date,
    completed_on,
    completed_date,
    is_completed,
    is_canceled,
    is_no_charge,
    is_opportunity,
    is_converted,
    is_opportunity and sold_estimate_count > 0 and sold_estimate_amount >= sold_threshold as is_closed,
    is_recall,
    recall_for_job_id,
    recall_count,
    is_of_member,
    is_opportunity and not is_of_member as is_membership_opportunity,
    sold_threshold,
    invoice_subtotal,
    invoice_total,
    open_balance,
    case when is_completed then invoiced_income else 0 end as completed_revenue,
    adjustment_revenue,
    sold_hours,
    estimate_count,
    sold_estimate_count,
    sold_estimate_amount,
    rating_sum,
    rating_count,
    labor_hours,
    labor_cost,
    bonus_cost,
    material_cost,
    equipment_cost,
    purchase_order_cost,
    labor_cost + bonus_cost + material_cost + equipment_cost + purchase_order_cost as total_cost,
    changed_on
from judged
