{{ config(
    materialized='incremental',
    unique_key=['tenant_id', 'call_id'],
    incremental_strategy=servicetitan.replace_rows(),
    on_schema_change='append_new_columns',
    enabled=var('servicetitan__using_calls')
) }}

with calls as (
    select
        calls.*,
        coalesce(reasons.is_lead, false) as is_lead_reason,
        {{ servicetitan.latest(['calls.modified_on', 'reasons.modified_on']) }} as changed_on
    from {{ ref('stg_servicetitan__calls') }} as calls
    left join {{ ref('stg_servicetitan__call_reasons') }} as reasons
        on reasons.tenant_id = calls.tenant_id
        and reasons.call_reason_id = calls.call_reason_id
),

judged as (
    select
        calls.*,
        call_type = 'Abandoned' or (agent_id is null and call_type <> 'Booked') as is_abandoned,
        call_type = 'Booked' as is_booked
    from calls
    where {{ servicetitan.changed_lately('changed_on') }}
)

select
    tenant_id,
    call_id,
    created_on,
    call_date,
    direction,
    call_type,
    call_reason_name,
    campaign_id,
    job_id,
    customer_id,
    agent_id,
    agent_name,
    duration_seconds,
    coalesce(is_abandoned, false) as is_abandoned,
    coalesce(
        direction = 'Inbound' and coalesce(is_active, true)
        and (is_booked or (call_type = 'Unbooked' and not is_abandoned and (duration_seconds > 60 or is_lead_reason))),
        false
    ) as is_lead,
    coalesce(direction = 'Inbound' and coalesce(is_active, true) and is_booked, false) as is_booked,
    changed_on
from judged
