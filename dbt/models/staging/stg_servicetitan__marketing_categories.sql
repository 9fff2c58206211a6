{{ servicetitan.stage(
    'marketing_categories',
    [
        'id id category_id',
        'name text category_name',
        'createdOn time',
        'modifiedOn time',
        'active boolean is_active',
    ],
    module='marketing'
) }}
