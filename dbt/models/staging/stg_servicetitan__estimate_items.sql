{{ servicetitan.stage(
    'estimate_items',
    [
        'id id estimate_item_id',
        'sku.id id',
        'sku.name text',
        'sku.type text item_type',
        'qty number quantity',
        'unitRate number price',
        'total number',
        'unitCost number',
        'totalCost number',
        'invoiceItemId id',
        'createdOn time',
        'modifiedOn time',
    ],
    module='estimates'
) }}
