{{ servicetitan.stage(
    'employees',
    [
        'id id employee_id',
        'userId id',
        'name text employee_name',
        'businessUnitId id',
        'role text',
        'createdOn time',
        'modifiedOn time',
        'active boolean is_active',
    ]
) }}
