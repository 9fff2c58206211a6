{{ servicetitan.stage(
    'gl_accounts',
    [
        'id id gl_account_id',
        'name text gl_account_name',
        'number text gl_account_number',
        'type text gl_account_type',
        'createdOn time',
        'modifiedOn time',
        'active boolean is_active',
    ]
) }}
