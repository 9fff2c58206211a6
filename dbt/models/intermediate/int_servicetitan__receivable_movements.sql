-- What an invoice's open balance is made of, day by day.
with invoices as (
    select * from {{ ref('stg_servicetitan__invoices') }}
    where coalesce(is_active, true) and invoice_date is not null
),

applications as (
    select
        payments.tenant_id,
        {{ servicetitan.member_value('application', 'appliedTo', 'id') }} as invoice_id,
        {{ servicetitan.member_value('application', 'appliedAmount', 'number') }} as amount,
        coalesce({{ servicetitan.member_value('application', 'appliedOn', 'date') }}, payments.payment_date) as applied_date
    from {{ ref('stg_servicetitan__payments') }} as payments
    {{ servicetitan.json_each('payments.applied_to', 'application') }}
    where coalesce(payments.is_active, true)

    union all

    select
        credits.tenant_id,
        {{ servicetitan.member_value('application', 'appliedTo', 'id') }} as invoice_id,
        {{ servicetitan.member_value('application', 'appliedAmount', 'number') }} as amount,
        coalesce({{ servicetitan.member_value('application', 'appliedOn', 'date') }}, credits.credit_memo_date) as applied_date
    from {{ ref('stg_servicetitan__credit_memos') }} as credits
    {{ servicetitan.json_each('credits.applied_to', 'application') }}
    where coalesce(credits.is_active, true)
),

known as (
    select tenant_id, invoice_id, invoice_date as movement_date, coalesce(total, 0) as amount, false as is_unexplained
    from invoices

    union all

    select
        applications.tenant_id,
        applications.invoice_id,
        -- What was applied before the invoice's date counts from that date on.
        greatest(applications.applied_date, invoices.invoice_date) as movement_date,
        -1 * applications.amount as amount,
        false as is_unexplained
    from applications
    inner join invoices
        on invoices.tenant_id = applications.tenant_id
        and invoices.invoice_id = applications.invoice_id
),

sums as (
    select tenant_id, invoice_id, sum(amount) as amount
    from known
    group by tenant_id, invoice_id
),

-- The API's balance counts; what nothing explains is dated by the last change of the invoice.
movements as (
    select * from known

    union all

    select
        invoices.tenant_id,
        invoices.invoice_id,
        greatest({{ servicetitan.local_date('invoices.modified_on') }}, invoices.invoice_date) as movement_date,
        invoices.balance - sums.amount as amount,
        true as is_unexplained
    from invoices
    inner join sums
        on sums.tenant_id = invoices.tenant_id
        and sums.invoice_id = invoices.invoice_id
    where invoices.balance <> sums.amount
)

select
    movements.tenant_id,
    movements.invoice_id,
    invoices.business_unit_id,
    invoices.customer_id,
    coalesce(invoices.due_date, invoices.invoice_date) as due_date,
    movements.movement_date,
    movements.is_unexplained,
    sum(movements.amount) as amount
from movements
inner join invoices
    on invoices.tenant_id = movements.tenant_id
    and invoices.invoice_id = movements.invoice_id
group by
    movements.tenant_id,
    movements.invoice_id,
    invoices.business_unit_id,
    invoices.customer_id,
    coalesce(invoices.due_date, invoices.invoice_date),
    movements.movement_date,
    movements.is_unexplained
