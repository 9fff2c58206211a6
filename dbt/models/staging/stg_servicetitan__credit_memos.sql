{{ servicetitan.stage(
    'credit_memos',
    [
        'id id credit_memo_id',
        'date date credit_memo_date',
        'subTotal number subtotal',
        'total number',
        'balance number',
        'customer.id id',
        'businessUnit.id id',
        'appliedTo json',
        'createdOn time',
        'modifiedOn time',
        'active boolean is_active',
    ]
) }}
