{{ servicetitan.stage(
    'projects',
    [
        'id id project_id',
        'number text project_number',
        'name text project_name',
        'status text project_status',
        'customerId id',
        'locationId id',
        'startDate date',
        'actualCompletionDate date',
        'createdOn time',
        'modifiedOn time',
        'active boolean is_active',
    ]
) }}
