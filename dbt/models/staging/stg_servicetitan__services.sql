{{ servicetitan.stage(
    'services',
    [
        'id id service_id',
        'code text',
        'displayName text service_name',
        'price number',
        'hours number',
        'createdOn time',
        'modifiedOn time',
        'active boolean is_active',
    ]
) }}
