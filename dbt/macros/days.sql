{# The tenant's own day of a time in UTC. The API writes a date as a midnight of UTC, which is that day everywhere. #}
{% macro local_date(value) %}
    {%- if var('servicetitan__timezone') == 'UTC' -%}
        cast({{ value }} as date)
    {%- else -%}
        case
            when {{ value }} = cast(cast({{ value }} as date) as {{ servicetitan.type_time() }}) then cast({{ value }} as date)
            else cast({{ servicetitan.local_time(value) }} as date)
        end
    {%- endif -%}
{% endmacro %}

{# A time in UTC as the tenant's clock shows it. #}
{% macro local_time(value) %}{{ return(adapter.dispatch('local_time', 'servicetitan')(value)) }}{% endmacro %}
{% macro default__local_time(value) %}timezone('{{ var("servicetitan__timezone") }}', timezone('UTC', {{ value }})){% endmacro %}
{% macro snowflake__local_time(value) %}convert_timezone('UTC', '{{ var("servicetitan__timezone") }}', {{ value }}){% endmacro %}
{% macro bigquery__local_time(value) %}datetime(timestamp({{ value }}, 'UTC'), '{{ var("servicetitan__timezone") }}'){% endmacro %}

{# The current day of the tenant. #}
{% macro today() %}
    {%- if var('servicetitan__today') -%}
        cast('{{ var("servicetitan__today") }}' as date)
    {%- else -%}
        cast({{ servicetitan.local_time(servicetitan.utc_now()) }} as date)
    {%- endif -%}
{% endmacro %}

{% macro utc_now() %}{{ return(adapter.dispatch('utc_now', 'servicetitan')()) }}{% endmacro %}
{% macro default__utc_now() %}timezone('UTC', current_timestamp){% endmacro %}
{% macro snowflake__utc_now() %}cast(convert_timezone('UTC', current_timestamp()) as timestamp_ntz){% endmacro %}
{% macro bigquery__utc_now() %}current_datetime('UTC'){% endmacro %}

{# Add whole units to a date, and have a date again. #}
{% macro add_to_date(unit, count, value) %}cast({{ dbt.dateadd(unit, count, value) }} as date){% endmacro %}

{# The first day of the month of a date. #}
{% macro month_of(value) %}cast({{ dbt.date_trunc('month', value) }} as date){% endmacro %}

{# All numbers from 0 to 9,999, from a cross join of digits: more days than a tenant has. #}
{% macro numbers() %}
    select a.digit + 10 * b.digit + 100 * c.digit + 1000 * d.digit as number
    from ({{ servicetitan.digits() }}) as a
    cross join ({{ servicetitan.digits() }}) as b
    cross join ({{ servicetitan.digits() }}) as c
    cross join ({{ servicetitan.digits() }}) as d
{% endmacro %}
{% macro digits() %}select 0 as digit{% for digit in range(1, 10) %} union all select {{ digit }}{% endfor %}{% endmacro %}
