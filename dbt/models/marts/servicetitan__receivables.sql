{% set buckets = [
    ('not_due', none, 1), ('overdue_1_to_30', 1, 31), ('overdue_31_to_60', 31, 61), ('overdue_61_to_90', 61, 91),
    ('overdue_over_90', 91, none),
] %}

with movements as (
    select tenant_id, invoice_id, business_unit_id, due_date, movement_date, sum(amount) as amount
    from {{ ref('int_servicetitan__receivable_movements') }}
    group by tenant_id, invoice_id, business_unit_id, due_date, movement_date
),

balances as (
    select
        tenant_id,
        invoice_id,
        coalesce(business_unit_id, 0) as business_unit_id,
        due_date,
        movement_date as from_date,
        lead(movement_date) over (partition by tenant_id, invoice_id order by movement_date) as before_date,
        sum(amount) over (
            partition by tenant_id, invoice_id order by movement_date rows between unbounded preceding and current row
        ) as balance
    from movements
),

-- A balance enters a bucket on one day and leaves it on another: cheaper than a row for each invoice and day.
spans as (
{%- for name, first, last in buckets %}
    select
        tenant_id,
        business_unit_id,
        '{{ name }}' as bucket,
        {% if first is none %}from_date{% else %}greatest(from_date, {{ servicetitan.add_to_date('day', first, 'due_date') }}){% endif %} as from_date,
        {% if last is none -%}
        before_date
        {%- else -%}
        least(coalesce(before_date, cast('9999-12-31' as date)), {{ servicetitan.add_to_date('day', last, 'due_date') }})
        {%- endif %} as before_date,
        balance
    from balances
    where balance <> 0
    {{ 'union all' if not loop.last }}
{%- endfor %}
),

steps as (
    select tenant_id, business_unit_id, bucket, from_date as step_date, balance as amount, 1 as invoices
    from spans
    where before_date is null or from_date < before_date

    union all

    select tenant_id, business_unit_id, bucket, before_date as step_date, -1 * balance as amount, -1 as invoices
    from spans
    where from_date < before_date
),

sums as (
    select
        tenant_id,
        business_unit_id,
        step_date,
        {%- for name, first, last in buckets %}
        {{ servicetitan.total("case when bucket = '" ~ name ~ "' then amount end") }} as {{ name }},
        {%- endfor %}
        sum(invoices) as invoices
    from steps
    group by tenant_id, business_unit_id, step_date
),

first_days as (
    select tenant_id, business_unit_id, min(step_date) as first_day
    from sums
    group by tenant_id, business_unit_id
),

days as (
    select
        first_days.tenant_id,
        first_days.business_unit_id,
        {{ servicetitan.add_to_date('day', 'numbers.number', 'first_days.first_day') }} as balance_date
    from first_days
    inner join ({{ servicetitan.numbers() }}) as numbers
        on {{ servicetitan.add_to_date('day', 'numbers.number', 'first_days.first_day') }} <= {{ servicetitan.today() }}
),

running as (
    select
        days.tenant_id,
        days.business_unit_id,
        days.balance_date,
        {%- for name in buckets | map('first') | list + ['invoices'] %}
        sum(coalesce(sums.{{ name }}, 0)) over (
            partition by days.tenant_id, days.business_unit_id
            order by days.balance_date
            rows between unbounded preceding and current row
        ) as {{ name if name != 'invoices' else 'open_invoices' }}{{ ',' if not loop.last }}
        {%- endfor %}
    from days
    left join sums
        on sums.tenant_id = days.tenant_id
        and sums.business_unit_id = days.business_unit_id
        and sums.step_date = days.balance_date
)

select
    running.tenant_id,
    running.business_unit_id,
    business_units.business_unit_name,
    running.balance_date,
    running.open_invoices,
    running.not_due,
    running.overdue_1_to_30,
    running.overdue_31_to_60,
    running.overdue_61_to_90,
    running.overdue_over_90,
    running.not_due + running.overdue_1_to_30 + running.overdue_31_to_60 + running.overdue_61_to_90
        + running.overdue_over_90 as open_balance
from running
left join {{ ref('stg_servicetitan__business_units') }} as business_units
    on business_units.tenant_id = running.tenant_id
    and business_units.business_unit_id = running.business_unit_id
