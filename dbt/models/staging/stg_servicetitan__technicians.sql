{{ servicetitan.stage(
    'technicians',
    [
        'id id technician_id',
        'userId id',
        'name text technician_name',
        'businessUnitId id',
        'team text',
        'createdOn time',
        'modifiedOn time',
        'active boolean is_active',
    ]
) }}
