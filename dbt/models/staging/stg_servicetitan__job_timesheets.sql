{{ servicetitan.stage(
    'job_timesheets',
    [
        'id id job_timesheet_id',
        'jobId id',
        'appointmentId id',
        'technicianId id',
        'dispatchedOn time',
        'arrivedOn time',
        'doneOn time',
        'doneOn date done_date',
        'canceledOn time',
        'createdOn time',
        'modifiedOn time',
        'active boolean is_active',
    ],
    module='payroll'
) }}
