{{ servicetitan.stage(
    'appointments',
    [
        'id id appointment_id',
        'jobId id',
        'appointmentNumber text',
        'start time starts_on',
        'end time ends_on',
        'status text appointment_status',
        'unused boolean is_unused',
        'createdOn time',
        'modifiedOn time',
        'active boolean is_active',
    ]
) }}
