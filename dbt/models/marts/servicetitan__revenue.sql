with days as (
    select
        tenant_id,
        business_unit_id,
        revenue_date,
        {{ servicetitan.total("case when revenue_kind = 'completed' then income end") }} as completed_revenue,
        {{ servicetitan.total("case when revenue_kind = 'non_job' then income end") }} as non_job_revenue,
        {{ servicetitan.total("case when revenue_kind = 'adjustment' then income end") }} as adjustment_revenue,
        sum(income) as total_revenue
    from {{ ref('int_servicetitan__invoice_lines') }}
    where revenue_date is not null and is_counted
    group by tenant_id, business_unit_id, revenue_date
)

select
    days.tenant_id,
    coalesce(days.business_unit_id, 0) as business_unit_id,
    business_units.business_unit_name,
    days.revenue_date,
    days.completed_revenue,
    days.non_job_revenue,
    days.adjustment_revenue,
    days.total_revenue
from days
left join {{ ref('stg_servicetitan__business_units') }} as business_units
    on business_units.tenant_id = days.tenant_id
    and business_units.business_unit_id = days.business_unit_id
