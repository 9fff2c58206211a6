{{ config(enabled=var('servicetitan__using_marketing')) }}

{% set measures = ['lead_calls', 'booked_calls', 'jobs_booked', 'jobs_completed', 'completed_revenue', 'cost'] %}
{% set parts = ['calls', 'booked', 'completed', 'costs'] if var('servicetitan__using_calls') else ['booked', 'completed', 'costs'] %}

with
{% if var('servicetitan__using_calls') %}
calls as (
    select
        tenant_id,
        campaign_id,
        {{ servicetitan.month_of('call_date') }} as campaign_month,
        {{ servicetitan.count_if('is_lead') }} as lead_calls,
        {{ servicetitan.count_if('is_booked') }} as booked_calls
    from {{ ref('servicetitan__calls') }}
    where campaign_id is not null
    group by tenant_id, campaign_id, {{ servicetitan.month_of('call_date') }}
),
{% endif %}
booked as (
    select
        tenant_id,
        campaign_id,
        {{ servicetitan.month_of('created_date') }} as campaign_month,
        count(*) as jobs_booked
    from {{ ref('servicetitan__jobs') }}
    where campaign_id is not null
    group by tenant_id, campaign_id, {{ servicetitan.month_of('created_date') }}
),

completed as (
    select
        tenant_id,
        campaign_id,
        {{ servicetitan.month_of('completed_date') }} as campaign_month,
        count(*) as jobs_completed,
        sum(completed_revenue) as completed_revenue
    from {{ ref('servicetitan__jobs') }}
    where campaign_id is not null and is_completed
    group by tenant_id, campaign_id, {{ servicetitan.month_of('completed_date') }}
),

cost_months as (
    select
        tenant_id,
        campaign_id,
        daily_cost,
        {{ servicetitan.add_to_date('month', '12 * (year - 2000) + month - 1', "cast('2000-01-01' as date)") }} as campaign_month
    from {{ ref('stg_servicetitan__costs') }}
),

costs as (
    select
        tenant_id,
        campaign_id,
        campaign_month,
        sum(
            daily_cost * {{ dbt.datediff('campaign_month', servicetitan.add_to_date('month', 1, 'campaign_month'), 'day') }}
        ) as cost
    from cost_months
    group by tenant_id, campaign_id, campaign_month
),

months as (
{%- for part in parts %}
    select tenant_id, campaign_id, campaign_month from {{ part }}
    {{ 'union distinct' if target.type == 'bigquery' and not loop.last else ('union' if not loop.last else '') }}
{%- endfor %}
)

select
    months.tenant_id,
    months.campaign_id,
    campaigns.campaign_name,
    campaigns.category_name,
    months.campaign_month,
    {%- for measure in measures %}
    {% if measure in ('lead_calls', 'booked_calls') and 'calls' not in parts -%}
    0
    {%- else -%}
    coalesce({{ measure }}, 0)
    {%- endif %} as {{ measure }}{{ ',' if not loop.last }}
    {%- endfor %}
from months
left join {{ ref('stg_servicetitan__campaigns') }} as campaigns
    on campaigns.tenant_id = months.tenant_id
    and campaigns.campaign_id = months.campaign_id
{%- for part in parts %}
left join {{ part }}
    on {{ part }}.tenant_id = months.tenant_id
    and {{ part }}.campaign_id = months.campaign_id
    and {{ part }}.campaign_month = months.campaign_month
{%- endfor %}
