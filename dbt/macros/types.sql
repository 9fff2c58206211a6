{# The type of a kind of column. #}
{% macro type_of(kind) %}
    {%- set types = {
        'boolean': dbt.type_boolean(),
        'date': 'date',
        'id': dbt.type_bigint(),
        'integer': dbt.type_bigint(),
        'json': servicetitan.type_json(),
        'number': dbt.type_numeric(),
        'seconds': dbt.type_bigint(),
        'text': dbt.type_string(),
        'time': servicetitan.type_time(),
    } -%}
    {{ return(types[kind]) }}
{% endmacro %}

{# Cast a loaded value to its kind. Amounts may have been loaded as texts, and times with an offset. #}
{% macro cast_to(kind, value, loaded_as) %}
    {%- set is_text = servicetitan.is_text(loaded_as) -%}
    {%- if kind == 'seconds' -%}
        {{ servicetitan.seconds(value) }}
    {%- elif kind == 'date' -%}
        {{ servicetitan.local_date(servicetitan.cast_to('time', value, loaded_as)) }}
    {%- elif kind == 'time' and servicetitan.has_offset(loaded_as) -%}
        {{ servicetitan.without_offset(value) }}
    {%- elif kind == 'json' -%}
        {{ servicetitan.as_json(value, is_text) }}
    {%- elif kind == 'id' -%}
        {#- The API writes 0 where there is nothing to refer to. -#}
        nullif(cast({{ "nullif(" ~ value ~ ", '')" if is_text else value }} as {{ servicetitan.type_of(kind) }}), 0)
    {%- elif is_text and kind != 'text' -%}
        cast(nullif({{ value }}, '') as {{ servicetitan.type_of(kind) }})
    {%- else -%}
        cast({{ value }} as {{ servicetitan.type_of(kind) }})
    {%- endif -%}
{% endmacro %}

{% macro is_text(type) %}{{ return(type.startswith(('char', 'text', 'string', 'varchar'))) }}{% endmacro %}

{% macro has_offset(type) %}
    {{ return('with time zone' in type or 'timestamptz' in type or type.startswith(('timestamp_tz', 'timestamp_ltz'))) }}
{% endmacro %}

{# A time without a zone, which is UTC throughout. #}
{% macro type_time() %}{{ return(adapter.dispatch('type_time', 'servicetitan')()) }}{% endmacro %}
{% macro default__type_time() %}{{ return('timestamp') }}{% endmacro %}
{% macro snowflake__type_time() %}{{ return('timestamp_ntz') }}{% endmacro %}
{% macro bigquery__type_time() %}{{ return('datetime') }}{% endmacro %}

{% macro without_offset(value) %}{{ return(adapter.dispatch('without_offset', 'servicetitan')(value)) }}{% endmacro %}
{% macro default__without_offset(value) %}timezone('UTC', {{ value }}){% endmacro %}
{% macro snowflake__without_offset(value) %}cast(convert_timezone('UTC', {{ value }}) as timestamp_ntz){% endmacro %}
{% macro bigquery__without_offset(value) %}datetime({{ value }}, 'UTC'){% endmacro %}

{# The seconds of a length of time like 00:08:42, or 1.02:03:04 with days in front. #}
{% macro seconds(value) %}
    {%- set hours = dbt.split_part(value, "':'", 1) -%}
    {%- set day = dbt.split_part(hours, "'.'", 1) -%}
    {%- set hour = dbt.split_part(hours, "'.'", 2) -%}
    case
        when {{ value }} is null or {{ value }} = '' then null
        else 3600 * case
                when {{ hour }} = '' or {{ hour }} is null then cast({{ day }} as {{ dbt.type_bigint() }})
                else 24 * cast({{ day }} as {{ dbt.type_bigint() }}) + cast({{ hour }} as {{ dbt.type_bigint() }})
            end
            + 60 * cast({{ dbt.split_part(value, "':'", 2) }} as {{ dbt.type_bigint() }})
            + cast({{ dbt.split_part(dbt.split_part(value, "':'", 3), "'.'", 1) }} as {{ dbt.type_bigint() }})
    end
{% endmacro %}
