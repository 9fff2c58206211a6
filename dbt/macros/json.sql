{# Nested objects and lists: what each database calls its own. #}

{% macro type_json() %}{{ return(adapter.dispatch('type_json', 'servicetitan')()) }}{% endmacro %}
{% macro default__type_json() %}{{ return('json') }}{% endmacro %}
{% macro postgres__type_json() %}{{ return('jsonb') }}{% endmacro %}
{% macro snowflake__type_json() %}{{ return('variant') }}{% endmacro %}

{% macro as_json(value, is_text) %}{{ return(adapter.dispatch('as_json', 'servicetitan')(value, is_text)) }}{% endmacro %}
{% macro default__as_json(value, is_text) %}cast({{ value }} as {{ servicetitan.type_json() }}){% endmacro %}
{# target-postgres makes lists arrays of jsonb. #}
{% macro postgres__as_json(value, is_text) %}{{ 'cast(' ~ value ~ ' as jsonb)' if is_text else 'to_jsonb(' ~ value ~ ')' }}{% endmacro %}
{% macro snowflake__as_json(value, is_text) %}{{ ('parse_json(' if is_text else 'to_variant(') ~ value ~ ')' }}{% endmacro %}

{# target-bigquery makes objects structs, and lists arrays of them. #}
{% macro bigquery__as_json(value, is_text) %}{{ ('parse_json(' if is_text else 'to_json(') ~ value ~ ')' }}{% endmacro %}

{# A value within an object, as a text. #}
{% macro json_text(value, parts) %}{{ return(adapter.dispatch('json_text', 'servicetitan')(value, parts)) }}{% endmacro %}
{% macro duckdb__json_text(value, parts) %}({{ value }} ->> '$.{{ parts | join(".") }}'){% endmacro %}
{% macro postgres__json_text(value, parts) %}({{ value }} #>> '{{ "{" ~ parts | join(",") ~ "}" }}'){% endmacro %}
{% macro snowflake__json_text(value, parts) %}cast(get_path({{ value }}, '{{ parts | join(".") }}') as varchar){% endmacro %}
{% macro bigquery__json_text(value, parts) %}json_value({{ value }}, '$.{{ parts | join(".") }}'){% endmacro %}

{# What to join to have a row for each member of a list; json_member is that member. #}
{% macro json_each(value, alias) %}{{ return(adapter.dispatch('json_each', 'servicetitan')(value, alias)) }}{% endmacro %}
{% macro duckdb__json_each(value, alias) %}cross join unnest(cast({{ value }} as json[])) as {{ alias }} (member){% endmacro %}
{% macro postgres__json_each(value, alias) %}
cross join lateral jsonb_array_elements(
    case when jsonb_typeof({{ value }}) = 'array' then {{ value }} else '[]' end
) as {{ alias }} (member)
{%- endmacro %}
{% macro snowflake__json_each(value, alias) %}cross join lateral flatten(input => {{ value }}) as {{ alias }}{% endmacro %}
{% macro bigquery__json_each(value, alias) %}cross join unnest(json_query_array({{ value }})) as {{ alias }}{% endmacro %}

{% macro json_member(alias) %}{{ return(adapter.dispatch('json_member', 'servicetitan')(alias)) }}{% endmacro %}
{% macro default__json_member(alias) %}{{ return(alias ~ '.member') }}{% endmacro %}
{% macro snowflake__json_member(alias) %}{{ return(alias ~ '.value') }}{% endmacro %}
{% macro bigquery__json_member(alias) %}{{ return(alias) }}{% endmacro %}

{# A value within a member of a list, of some kind. #}
{% macro member_value(alias, path, kind) %}
    {{- servicetitan.cast_to(kind, servicetitan.json_text(servicetitan.json_member(alias), path.split('.')), 'text') -}}
{% endmacro %}
