{% set measures = [
    'jobs_completed', 'opportunities', 'converted_jobs', 'closed_opportunities', 'completed_revenue', 'adjustment_revenue',
    'rating_sum', 'rating_count', 'membership_opportunities', 'memberships_sold', 'sold_estimates', 'total_sales',
    'sold_hours', 'paid_hours', 'labor_pay', 'other_pay', 'recalls_caused',
] %}

with technicians as (
    select * from {{ ref('stg_servicetitan__technicians') }}
),

splits as (
    select tenant_id, job_id, technician_id, split_percent
    from {{ ref('stg_servicetitan__job_splits') }}
    where coalesce(is_active, true)
),

jobs as (
    select
        jobs.tenant_id,
        splits.technician_id,
        jobs.completed_date as score_date,
        count(*) as jobs_completed,
        {{ servicetitan.count_if('jobs.is_opportunity') }} as opportunities,
        {{ servicetitan.count_if('jobs.is_converted') }} as converted_jobs,
        {{ servicetitan.count_if('jobs.is_closed') }} as closed_opportunities,
        sum(jobs.completed_revenue * splits.split_percent / 100) as completed_revenue,
        sum(jobs.rating_sum) as rating_sum,
        sum(jobs.rating_count) as rating_count,
        {{ servicetitan.count_if('jobs.is_membership_opportunity') }} as membership_opportunities
    from {{ ref('servicetitan__jobs') }} as jobs
    inner join splits
        on splits.tenant_id = jobs.tenant_id
        and splits.job_id = jobs.job_id
    where jobs.is_completed
    group by jobs.tenant_id, splits.technician_id, jobs.completed_date
),

lines as (
    select
        tenant_id,
        technician_id,
        revenue_date as score_date,
        {{ servicetitan.total("case when revenue_kind = 'adjustment' then income end") }} as adjustment_revenue,
        {{ servicetitan.total("case when revenue_kind = 'completed' then sold_hours end") }} as sold_hours
    from {{ ref('int_servicetitan__invoice_lines') }}
    where technician_id is not null and revenue_date is not null and is_counted
    group by tenant_id, technician_id, revenue_date
),

memberships as (
    select
        events.tenant_id,
        technicians.technician_id,
        events.event_date as score_date,
        count(*) as memberships_sold
    from {{ ref('int_servicetitan__membership_events') }} as events
    inner join technicians
        on technicians.tenant_id = events.tenant_id
        and technicians.user_id = events.sold_by_id
    where events.event = 'new'
    group by events.tenant_id, technicians.technician_id, events.event_date
),

estimates as (
    select
        tenant_id,
        sold_by_id as technician_id,
        sold_date as score_date,
        count(*) as sold_estimates,
        sum(coalesce(subtotal, 0)) as total_sales
    from {{ ref('stg_servicetitan__estimates') }}
    where estimate_status = 'Sold' and sold_date is not null and sold_by_id is not null
    group by tenant_id, sold_by_id, sold_date
),

payroll as (
    select
        tenant_id,
        employee_id as technician_id,
        pay_date as score_date,
        {{ servicetitan.total("case when gross_pay_item_type = 'TimesheetTime' then paid_hours end") }} as paid_hours,
        {{ servicetitan.total("case when gross_pay_item_type = 'TimesheetTime' then amount end") }} as labor_pay,
        {{ servicetitan.total("case when gross_pay_item_type <> 'TimesheetTime' then amount end") }} as other_pay
    from {{ ref('stg_servicetitan__gross_pay_items') }}
    where employee_type = 'Technician' and pay_date is not null and coalesce(is_active, true)
    group by tenant_id, employee_id, pay_date
),

recalls as (
    select
        recalls.tenant_id,
        splits.technician_id,
        recalls.created_date as score_date,
        count(*) as recalls_caused
    from {{ ref('stg_servicetitan__jobs') }} as recalls
    inner join splits
        on splits.tenant_id = recalls.tenant_id
        and splits.job_id = recalls.recall_for_job_id
    group by recalls.tenant_id, splits.technician_id, recalls.created_date
),

days as (
{%- for part in ['jobs', 'lines', 'memberships', 'estimates', 'payroll', 'recalls'] %}
    select tenant_id, technician_id, score_date from {{ part }}
    {{ 'union distinct' if target.type == 'bigquery' and not loop.last else ('union' if not loop.last else '') }}
{%- endfor %}
)

select
    days.tenant_id,
    days.technician_id,
    technicians.technician_name,
    days.score_date,
    {%- for measure in measures %}
    coalesce({{ measure }}, 0) as {{ measure }}{{ ',' if not loop.last }}
    {%- endfor %}
from days
inner join technicians
    on technicians.tenant_id = days.tenant_id
    and technicians.technician_id = days.technician_id
{%- for part in ['jobs', 'lines', 'memberships', 'estimates', 'payroll', 'recalls'] %}
left join {{ part }}
    on {{ part }}.tenant_id = days.tenant_id
    and {{ part }}.technician_id = days.technician_id
    and {{ part }}.score_date = days.score_date
{%- endfor %}
