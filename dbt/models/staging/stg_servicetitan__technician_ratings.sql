{{ servicetitan.stage(
    'technician_ratings',
    [
        'technicianId id',
        'jobId id',
        'rating number',
        'createdOn time',
        'modifiedOn time',
        'active boolean is_active',
    ]
) }}
