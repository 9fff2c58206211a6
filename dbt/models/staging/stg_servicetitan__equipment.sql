{{ servicetitan.stage(
    'equipment',
    [
        'id id equipment_id',
        'code text',
        'displayName text equipment_name',
        'price number',
        'cost number',
        'createdOn time',
        'modifiedOn time',
        'active boolean is_active',
    ]
) }}
