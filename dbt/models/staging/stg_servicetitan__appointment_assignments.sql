{{ servicetitan.stage(
    'appointment_assignments',
    [
        'id id appointment_assignment_id',
        'appointmentId id',
        'jobId id',
        'technicianId id',
        'assignedOn time',
        'status text assignment_status',
        'createdOn time',
        'modifiedOn time',
        'active boolean is_active',
    ]
) }}
