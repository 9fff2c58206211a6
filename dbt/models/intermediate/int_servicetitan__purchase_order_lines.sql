select
    orders.tenant_id,
    orders.purchase_order_id,
    orders.job_id,
    {{ servicetitan.member_value('line', 'skuId', 'id') }} as sku_id,
    coalesce({{ servicetitan.member_value('line', 'total', 'number') }}, 0) as total
from {{ ref('stg_servicetitan__purchase_orders') }} as orders
{{ servicetitan.json_each('orders.items', 'line') }}
where orders.job_id is not null
    and orders.purchase_order_status not in ('Pending', 'Canceled')
