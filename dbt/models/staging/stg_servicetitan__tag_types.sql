{{ servicetitan.stage(
    'tag_types',
    [
        'id id tag_type_id',
        'name text tag_type_name',
        'createdOn time',
        'modifiedOn time',
        'active boolean is_active',
    ]
) }}
