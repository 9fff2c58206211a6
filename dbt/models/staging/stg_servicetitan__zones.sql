{{ servicetitan.stage(
    'zones',
    [
        'id id zone_id',
        'name text zone_name',
        'createdOn time',
        'modifiedOn time',
        'active boolean is_active',
    ]
) }}
