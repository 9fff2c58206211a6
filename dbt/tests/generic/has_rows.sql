{% test has_rows(model) %}
{{ config(tags=['agreement']) }}
select count(*) as row_count
from {{ model }}
having count(*) = 0
{% endtest %}
