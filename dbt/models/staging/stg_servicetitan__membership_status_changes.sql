{{ servicetitan.stage(
    'membership_status_changes',
    [
        'id id membership_status_change_id',
        'membershipId id',
        'oldStatus text',
        'newStatus text',
        'createdOn time changed_on',
        'createdOn date changed_date',
    ],
    module='memberships'
) }}
