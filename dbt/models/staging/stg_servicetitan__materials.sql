{{ servicetitan.stage(
    'materials',
    [
        'id id material_id',
        'code text',
        'displayName text material_name',
        'price number',
        'cost number',
        'createdOn time',
        'modifiedOn time',
        'active boolean is_active',
    ]
) }}
