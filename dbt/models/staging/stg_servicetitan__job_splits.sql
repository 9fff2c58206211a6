{{ servicetitan.stage(
    'job_splits',
    [
        'id id job_split_id',
        'jobId id',
        'technicianId id',
        'split number split_percent',
        'createdOn time',
        'modifiedOn time',
        'active boolean is_active',
    ]
) }}
