{{ config(enabled=var('servicetitan__using_reports')) }}

-- Every completed job, with its customer and what it came to.
with ours as (
    select
        spans.tenant_id,
        spans.window_from,
        jobs.job_number,
        jobs.job_status,
        jobs.job_type_name,
        customers.customer_name,
        campaigns.campaign_name,
        jobs.invoice_total as total
    from ({{ servicetitan.spans_of('report_162') }}) as spans
    inner join {{ ref('servicetitan__jobs') }} as jobs
        on jobs.tenant_id = spans.tenant_id
        and jobs.completed_date between spans.window_from and spans.window_to
        and jobs.is_completed
    left join {{ ref('servicetitan__customers') }} as customers
        on customers.tenant_id = jobs.tenant_id
        and customers.customer_id = jobs.customer_id
    left join {{ ref('stg_servicetitan__campaigns') }} as campaigns
        on campaigns.tenant_id = jobs.tenant_id
        and campaigns.campaign_id = jobs.campaign_id
),

theirs as (
    select * from {{ ref('stg_servicetitan__report_162') }}
)

select
    coalesce(ours.tenant_id, theirs.tenant_id) as tenant_id,
    coalesce(ours.job_number, theirs.job_number) as job_number,
    ours.customer_name as our_customer,
    theirs.customer_name as their_customer,
    ours.total as our_total,
    theirs.total as their_total
from ours
full outer join theirs
    on theirs.tenant_id = ours.tenant_id
    and theirs.window_from = ours.window_from
    and theirs.job_number = ours.job_number
where ours.job_number is null
    or theirs.job_number is null
    or abs(ours.total - theirs.total) >= 0.01
    or coalesce(ours.customer_name, '') <> coalesce(theirs.customer_name, '')
    or coalesce(ours.job_status, '') <> coalesce(theirs.job_status, '')
    or coalesce(ours.job_type_name, '') <> coalesce(theirs.job_type, '')
    or coalesce(ours.campaign_name, '') <> coalesce(theirs.campaign, '')
