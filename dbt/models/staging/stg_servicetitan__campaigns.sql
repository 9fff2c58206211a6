{{ servicetitan.stage(
    'campaigns',
    [
        'id id campaign_id',
        'name text campaign_name',
        'category.id id',
        'category.name text',
        'source text',
        'medium text',
        'isDefaultCampaign boolean',
        'createdOn time',
        'modifiedOn time',
        'active boolean is_active',
    ],
    module='marketing'
) }}
