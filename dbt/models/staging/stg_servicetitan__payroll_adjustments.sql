{{ servicetitan.stage(
    'payroll_adjustments',
    [
        'id id payroll_adjustment_id',
        'employeeType text',
        'employeeId id',
        'postedOn date posted_date',
        'amount number',
        'memo text',
        'invoiceId id',
        'hours number',
        'rate number',
        'createdOn time',
        'modifiedOn time',
        'active boolean is_active',
    ],
    module='payroll'
) }}
