{{ config(enabled=var('servicetitan__using_reports') and var('servicetitan__using_estimates')) }}

-- What each business unit sold by estimates, and how often.
with ours as (
    select
        spans.tenant_id,
        spans.window_from,
        units.business_unit_name,
        coalesce(sum(sales.total_sales), 0) as total_sales,
        {{ servicetitan.ratio('sum(sales.total_sales)', 'sum(sales.sold_estimates)') }} as closed_average_sale,
        {{ servicetitan.ratio('sum(sales.closed_opportunities)', 'sum(sales.sales_opportunities)') }} as close_rate,
        coalesce(sum(sales.sales_opportunities), 0) as sales_opportunity,
        {{ servicetitan.ratio('sum(sales.estimates_of_opportunities)', 'sum(sales.sales_opportunities)') }}
            as options_per_opportunity
    from ({{ servicetitan.spans_of('report_179') }}) as spans
    inner join {{ ref('stg_servicetitan__business_units') }} as units
        on units.tenant_id = spans.tenant_id
    left join {{ ref('servicetitan__sales') }} as sales
        on sales.tenant_id = spans.tenant_id
        and sales.business_unit_id = units.business_unit_id
        and sales.sales_date between spans.window_from and spans.window_to
    group by spans.tenant_id, spans.window_from, units.business_unit_name
),

theirs as (
    select * from {{ ref('stg_servicetitan__report_179') }}
)

{{ servicetitan.disagreements(
    ['tenant_id', 'window_from', 'business_unit_name'],
    {
        'total_sales': 0.01, 'closed_average_sale': 0.01, 'close_rate': 0.0001, 'sales_opportunity': 0.5,
        'options_per_opportunity': 0.0001,
    }
) }}
