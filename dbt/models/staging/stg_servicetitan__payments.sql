{{ servicetitan.stage(
    'payments',
    [
        'id id payment_id',
        'date date payment_date',
        'type text payment_type',
        'total number',
        'unappliedAmount number',
        'customer.id id',
        'businessUnit.id id',
        'refundedPaymentId id',
        'appliedTo json',
        'createdOn time',
        'modifiedOn time',
        'active boolean is_active',
    ]
) }}
