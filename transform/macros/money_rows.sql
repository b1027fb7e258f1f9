{# Of a staged stream the rows that a run tells anew about money: all in a full run, else those that may have changed. #}
{% macro money_rows(source, stream, model) -%}
    select * from {{ model }}
    {%- if not is_full_run() %}
    where (account, id) in (
        select
            changed_rows.account,
            changed_rows.id
        from {{ ref('int_money__changed_rows') }} as changed_rows
        where changed_rows.source = '{{ source }}' and changed_rows.stream = '{{ stream }}'
    )
    {%- endif %}
{%- endmacro %}
