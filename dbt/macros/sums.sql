{# A sum that is 0 of nothing. #}
{% macro total(value) %}coalesce(sum({{ value }}), 0){% endmacro %}

{# How many rows a condition holds for. #}
{% macro count_if(condition) %}coalesce(sum(case when {{ condition }} then 1 else 0 end), 0){% endmacro %}

{# A fraction, or an average; null of nothing. #}
{% macro ratio(part, whole) %}cast({{ part }} as {{ servicetitan.type_double() }}) / nullif(cast({{ whole }} as {{ servicetitan.type_double() }}), 0){% endmacro %}

{# A float of 64 bits: what dbt calls a float has 32 in DuckDB. #}
{% macro type_double() %}{{ return('float64' if target.type == 'bigquery' else 'double precision') }}{% endmacro %}

{# What an incremental model replaces its rows by. #}
{% macro replace_rows() %}{{ return('merge' if target.type == 'bigquery' else 'delete+insert') }}{% endmacro %}

{# The latest of some times, of which some may be null. #}
{% macro latest(values) %}
    {%- set early = "cast('1900-01-01' as " ~ servicetitan.type_time() ~ ")" -%}
    greatest({% for value in values %}coalesce({{ value }}, {{ early }}){{ ', ' if not loop.last }}{% endfor %})
{%- endmacro %}

{# Keep what changed since the newest change that this model has, and some days before it. #}
{% macro changed_lately(column) %}
    {%- if is_incremental() -%}
        {{ column }} >= (
            select {{ dbt.dateadd('day', -1 * var('servicetitan__look_back_days'), 'max(changed_on)') }} from {{ this }}
        )
    {%- else -%}
        1 = 1
    {%- endif -%}
{% endmacro %}
