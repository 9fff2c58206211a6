{{ servicetitan.stage(
    'business_units',
    [
        'id id business_unit_id',
        'name text business_unit_name',
        'officialName text',
        'division.name text division',
        'trade.name text trade',
        'createdOn time',
        'modifiedOn time',
        'active boolean is_active',
    ]
) }}
