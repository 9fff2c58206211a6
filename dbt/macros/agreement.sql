{#
    The select of a report's staging model: the rows of the newest run of each span. Spans that were not read again within a
    day of the newest run are left out, for what they say may have changed since.
#}
{% macro stage_report(name, columns) %}
{%- set relation = source('servicetitan_reports', name) -%}
{%- set found = servicetitan.loaded_columns(relation) if execute else {} -%}
{%- if execute and not found -%}
    {{ exceptions.raise_compiler_error(
        'There is no table ' ~ relation ~ ': read the report by its preset, or name its table in servicetitan__' ~ name
    ) }}
{%- endif -%}
with loaded as (
    select
        {{ servicetitan.tenant(found) }} as tenant_id
    {%- for line in ['_window_from date window_from', '_window_to date window_to', '_run_at time run_at'] + columns %}
        {%- set words = line.split() %}
        , {{ servicetitan.read_column(found, words[0], words[1]) }} as {{ words[2] or words[0] }}
    {%- endfor %}
    {%- if found %}
    from {{ relation }}
    {%- endif %}
),

runs as (
    select tenant_id, window_from, max(run_at) as run_at
    from loaded
    group by tenant_id, window_from
),

newest as (
    select tenant_id, {{ dbt.dateadd('day', -1, 'max(run_at)') }} as run_after
    from runs
    group by tenant_id
)

select loaded.*
from loaded
inner join runs
    on runs.tenant_id = loaded.tenant_id
    and runs.window_from = loaded.window_from
    and runs.run_at = loaded.run_at
inner join newest
    on newest.tenant_id = loaded.tenant_id
    and loaded.run_at >= newest.run_after
{% endmacro %}

{# The spans that a report was read for. #}
{% macro spans_of(report) %}
    select distinct tenant_id, window_from, window_to from {{ ref('stg_servicetitan__' ~ report) }}
{% endmacro %}

{#
    Where the CTEs ours and theirs differ: a row that only one of them has, or a figure that is not the same. Figures are
    the same when they differ by less than their tolerance: a cent, or the last digit that the report shows.
#}
{% macro disagreements(keys, figures) %}
select
    {%- for key in keys %}
    coalesce(ours.{{ key }}, theirs.{{ key }}) as {{ key }},
    {%- endfor %}
    {%- for figure in figures %}
    ours.{{ figure }} as our_{{ figure }},
    theirs.{{ figure }} as their_{{ figure }}{{ ',' if not loop.last }}
    {%- endfor %}
from ours
full outer join theirs
    on {% for key in keys %}ours.{{ key }} = theirs.{{ key }}{{ ' and ' if not loop.last }}{% endfor %}
where ours.{{ keys[0] }} is null
    or theirs.{{ keys[0] }} is null
    {%- for figure, tolerance in figures.items() %}
    or abs(coalesce(ours.{{ figure }}, 0) - coalesce(theirs.{{ figure }}, 0)) >= {{ tolerance }}
    {%- endfor %}
{% endmacro %}
