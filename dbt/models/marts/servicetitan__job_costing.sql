select
    jobs.tenant_id,
    jobs.job_id,
    jobs.job_number,
    jobs.business_unit_id,
    jobs.business_unit_name,
    jobs.job_type_id,
    jobs.job_type_name,
    jobs.project_id,
    jobs.customer_id,
    jobs.completed_date,
    jobs.completed_revenue + jobs.adjustment_revenue as revenue,
    jobs.labor_hours,
    jobs.labor_cost,
    jobs.bonus_cost,
    jobs.material_cost,
    jobs.equipment_cost,
    jobs.purchase_order_cost,
    jobs.total_cost,
    jobs.completed_revenue + jobs.adjustment_revenue - jobs.total_cost as gross_margin,
    {{ servicetitan.ratio(
        'jobs.completed_revenue + jobs.adjustment_revenue - jobs.total_cost',
        'jobs.completed_revenue + jobs.adjustment_revenue'
    ) }} as gross_margin_rate
from {{ ref('servicetitan__jobs') }} as jobs
where jobs.is_completed
