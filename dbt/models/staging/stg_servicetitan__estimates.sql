{{ servicetitan.stage(
    'estimates',
    [
        'id id estimate_id',
        'jobId id',
        'projectId id',
        'locationId id',
        'customerId id',
        'businessUnitId id',
        'name text estimate_name',
        'status.name text estimate_status',
        'soldOn time',
        'soldOn date sold_date',
        'soldBy id sold_by_id',
        'subtotal number',
        'tax number',
        'createdOn time',
        'createdOn date created_date',
        'modifiedOn time',
        'active boolean is_active',
    ],
    module='estimates'
) }}
