{#
    The select of a staging model. Each column is a line: the path in the loaded row, its kind, and the name if it is not
    the path in snake case. A column that was not loaded is null, and a switched-off stream has no rows.
#}
{% macro stage(stream, columns, module=none, optional=false) %}
{%- set relation = source('servicetitan', stream) -%}
{%- set is_used = module is none or var('servicetitan__using_' ~ module) -%}
{%- set found = servicetitan.loaded_columns(relation) if execute and is_used else {} -%}
{%- if execute and is_used and not found and not optional -%}
    {%- set hint = 'load the stream ' ~ stream -%}
    {%- set hint = hint ~ (', or set servicetitan__using_' ~ module ~ ' to false' if module else '') -%}
    {{ exceptions.raise_compiler_error('There is no table ' ~ relation ~ ': ' ~ hint) }}
{%- endif -%}
select
    {{ servicetitan.tenant(found) }} as tenant_id
{%- for line in columns %}
    {%- set words = line.split() %}
    , {{ servicetitan.read_column(found, words[0], words[1]) }} as {{ words[2] or servicetitan.snake_case(words[0]) }}
{%- endfor %}
{%- if found %}
from {{ relation }}
{%- else %}
from (select 1 as nothing) as nothing
where 1 = 0
{%- endif %}
{% endmacro %}

{# The columns of a loaded table, each with its name and type; none if there is no table. #}
{% macro loaded_columns(relation) %}
    {%- set found = {} -%}
    {%- set loaded = load_relation(relation) -%}
    {%- if loaded is not none -%}
        {%- for column in adapter.get_columns_in_relation(loaded) -%}
            {%- do found.update({servicetitan.plain(column.name): {'name': column.name, 'type': column.data_type | lower}}) -%}
        {%- endfor -%}
    {%- endif -%}
    {{ return(found) }}
{% endmacro %}

{# A name without case and underscores: some targets make createdOn to CREATEDON or created_on. #}
{% macro plain(name) %}{{ return(name | lower | replace('_', '')) }}{% endmacro %}

{# The tenant of a row: the tap writes it where tenant_column is on. #}
{% macro tenant(found) %}
    {%- set column = found.get('tenantid') -%}
    cast({{ adapter.quote(column.name) if column else "'" ~ var('servicetitan__tenant') ~ "'" }} as {{ dbt.type_string() }})
{%- endmacro %}

{% macro read_column(found, path, kind) %}
    {%- set parts = path.split('.') -%}
    {%- set column = found.get(servicetitan.plain(parts[0])) -%}
    {%- if not column -%}
        cast(null as {{ servicetitan.type_of(kind) }})
    {%- elif parts | length == 1 -%}
        {{ servicetitan.cast_to(kind, adapter.quote(column.name), column.type) }}
    {%- else -%}
        {%- set json = servicetitan.as_json(adapter.quote(column.name), servicetitan.is_text(column.type)) -%}
        {{ servicetitan.cast_to(kind, servicetitan.json_text(json, parts[1:]), 'text') }}
    {%- endif -%}
{% endmacro %}

{% macro snake_case(path) %}
    {{- return(modules.re.sub('(?<=[a-z0-9])(?=[A-Z])', '_', path).replace('.', '_') | lower) -}}
{% endmacro %}
