{{ config(enabled=var('servicetitan__using_estimates')) }}

with opportunities as (
    select
        tenant_id,
        business_unit_id,
        completed_date as sales_date,
        {{ servicetitan.count_if('is_opportunity') }} as sales_opportunities,
        {{ servicetitan.count_if('is_closed') }} as closed_opportunities,
        {{ servicetitan.total('case when is_opportunity then estimate_count end') }} as estimates_of_opportunities,
        0 as sold_estimates,
        0 as total_sales
    from {{ ref('servicetitan__jobs') }}
    where is_completed
    group by tenant_id, business_unit_id, completed_date
),

sold as (
    select
        tenant_id,
        business_unit_id,
        sold_date as sales_date,
        0 as sales_opportunities,
        0 as closed_opportunities,
        0 as estimates_of_opportunities,
        count(*) as sold_estimates,
        sum(coalesce(subtotal, 0)) as total_sales
    from {{ ref('stg_servicetitan__estimates') }}
    where estimate_status = 'Sold' and sold_date is not null
    group by tenant_id, business_unit_id, sold_date
),

days as (
    select * from opportunities
    union all
    select * from sold
)

select
    days.tenant_id,
    coalesce(days.business_unit_id, 0) as business_unit_id,
    business_units.business_unit_name,
    days.sales_date,
    sum(days.sales_opportunities) as sales_opportunities,
    sum(days.closed_opportunities) as closed_opportunities,
    sum(days.estimates_of_opportunities) as estimates_of_opportunities,
    sum(days.sold_estimates) as sold_estimates,
    sum(days.total_sales) as total_sales
from days
left join {{ ref('stg_servicetitan__business_units') }} as business_units
    on business_units.tenant_id = days.tenant_id
    and business_units.business_unit_id = days.business_unit_id
group by days.tenant_id, coalesce(days.business_unit_id, 0), business_units.business_unit_name, days.sales_date
