{{ servicetitan.stage(
    'inventory_bills',
    [
        'id id inventory_bill_id',
        'purchaseOrderId id',
        'jobId id',
        'businessUnit.id id',
        'vendor.id id',
        'billDate date',
        'billAmount number',
        'taxAmount number',
        'shippingAmount number',
        'createdOn time',
        'modifiedOn time',
        'active boolean is_active',
    ],
    module='inventory'
) }}
