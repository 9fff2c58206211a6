{{ servicetitan.stage(
    'customers',
    [
        'id id customer_id',
        'name text customer_name',
        'type text customer_type',
        'mergedToId id merged_to_customer_id',
        'balance number',
        'address.city text city',
        'address.state text state',
        'address.zip text postal_code',
        'doNotService boolean is_do_not_service',
        'createdOn time',
        'createdOn date created_date',
        'modifiedOn time',
        'active boolean is_active',
    ]
) }}
