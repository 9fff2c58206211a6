{{ servicetitan.stage(
    'call_reasons',
    [
        'id id call_reason_id',
        'name text call_reason_name',
        'isLead boolean',
        'createdOn time',
        'modifiedOn time',
        'active boolean is_active',
    ],
    module='calls'
) }}
