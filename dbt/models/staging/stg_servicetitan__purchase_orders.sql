{{ servicetitan.stage(
    'purchase_orders',
    [
        'id id purchase_order_id',
        'number text purchase_order_number',
        'status text purchase_order_status',
        'jobId id',
        'invoiceId id',
        'projectId id',
        'vendorId id',
        'businessUnitId id',
        'date date order_date',
        'total number',
        'tax number',
        'shipping number',
        'items json',
        'createdOn time',
        'modifiedOn time',
    ],
    module='inventory'
) }}
