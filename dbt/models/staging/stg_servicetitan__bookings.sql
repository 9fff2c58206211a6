{{ servicetitan.stage(
    'bookings',
    [
        'id id booking_id',
        'source text booking_source',
        'status text booking_status',
        'jobId id',
        'campaignId id',
        'businessUnitId id',
        'createdOn time',
        'modifiedOn time',
        'active boolean is_active',
    ]
) }}
