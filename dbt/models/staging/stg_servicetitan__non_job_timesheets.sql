{{ servicetitan.stage(
    'non_job_timesheets',
    [
        'id id non_job_timesheet_id',
        'employeeId id',
        'employeeType text',
        'timesheetCodeId id',
        'startedOn time',
        'startedOn date started_date',
        'endedOn time',
        'createdOn time',
        'modifiedOn time',
        'active boolean is_active',
    ],
    module='payroll'
) }}
