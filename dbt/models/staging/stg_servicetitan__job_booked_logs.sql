{{ servicetitan.stage(
    'job_booked_logs',
    [
        'id id job_booked_log_id',
        'jobId id',
        'createdOn time booked_on',
        'createdOn date booked_date',
        'createdById id',
    ],
    optional=true
) }}
