{{ servicetitan.stage(
    'job_canceled_logs',
    [
        'id id job_canceled_log_id',
        'jobId id',
        'reasonId id cancel_reason_id',
        'memo text',
        'createdOn time canceled_on',
        'createdOn date canceled_date',
        'createdById id',
    ]
) }}
