{{ servicetitan.stage(
    'calls',
    [
        'id id call_id',
        'createdOn time',
        'createdOn date call_date',
        'modifiedOn time',
        'active boolean is_active',
        'direction text',
        'status text call_status',
        'type text call_type',
        'duration seconds duration_seconds',
        'reason.id id call_reason_id',
        'reason.name text call_reason_name',
        'campaign.id id',
        'job.id id',
        'customer.id id',
        'agent.id id',
        'agent.name text',
    ],
    module='calls'
) }}
