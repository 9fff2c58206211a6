{{ servicetitan.stage(
    'invoices',
    [
        'id id invoice_id',
        'referenceNumber text',
        'invoiceDate date',
        'dueDate date',
        'job.id id',
        'adjustmentToId id adjustment_to_invoice_id',
        'projectId id',
        'customer.id id',
        'location.id id',
        'businessUnit.id id',
        'subTotal number subtotal',
        'salesTax number',
        'total number',
        'balance number',
        'invoiceType.name text invoice_type',
        'createdOn time',
        'modifiedOn time',
        'active boolean is_active',
    ]
) }}
