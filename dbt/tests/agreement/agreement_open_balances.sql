{{ config(enabled=var('servicetitan__using_reports')) }}

-- ServiceTitan's own balance of each invoice is its total less what was applied to it.
select tenant_id, invoice_id, amount
from {{ ref('int_servicetitan__receivable_movements') }}
where is_unexplained
