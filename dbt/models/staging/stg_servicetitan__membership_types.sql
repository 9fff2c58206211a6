{{ servicetitan.stage(
    'membership_types',
    [
        'id id membership_type_id',
        'name text membership_type_name',
        'createdOn time',
        'modifiedOn time',
        'active boolean is_active',
    ],
    module='memberships'
) }}
