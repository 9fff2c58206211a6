{{ servicetitan.stage(
    'job_cancel_reasons',
    [
        'id id cancel_reason_id',
        'name text cancel_reason_name',
        'createdOn time',
        'modifiedOn time',
        'active boolean is_active',
    ]
) }}
