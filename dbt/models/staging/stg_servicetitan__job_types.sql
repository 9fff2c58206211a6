{{ servicetitan.stage(
    'job_types',
    [
        'id id job_type_id',
        'name text job_type_name',
        'class text job_type_class',
        'soldThreshold number',
        'noCharge boolean is_no_charge',
        'createdOn time',
        'modifiedOn time',
        'active boolean is_active',
    ]
) }}
