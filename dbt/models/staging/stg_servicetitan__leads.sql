{{ servicetitan.stage(
    'leads',
    [
        'id id lead_id',
        'status text lead_status',
        'customerId id',
        'businessUnitId id',
        'jobTypeId id',
        'campaignId id',
        'callId id',
        'bookingId id',
        'createdOn time',
        'modifiedOn time',
        'active boolean is_active',
    ]
) }}
