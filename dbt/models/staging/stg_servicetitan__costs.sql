{{ servicetitan.stage(
    'costs',
    [
        'id id cost_id',
        'campaignId id',
        'year integer',
        'month integer',
        'dailyCost number',
    ],
    module='marketing'
) }}
