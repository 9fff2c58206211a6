{{ servicetitan.stage(
    'locations',
    [
        'id id location_id',
        'customerId id',
        'name text location_name',
        'mergedToId id merged_to_location_id',
        'zoneId id',
        'taxZoneId id',
        'address.street text street',
        'address.city text city',
        'address.state text state',
        'address.zip text postal_code',
        'createdOn time',
        'modifiedOn time',
        'active boolean is_active',
    ]
) }}
