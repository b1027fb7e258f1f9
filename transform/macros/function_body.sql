{# dbt writes every function as plain SQL; ours may also be PL/pgSQL and strict (config meta), and all are parallel safe. #}
{% macro postgres__scalar_function_body_sql() -%}
    {%- set meta = model.config.meta -%}
    $$
    {{ model.compiled_code }}
    $$ language {{ meta.get('language', 'sql') }} parallel safe {{ 'strict' if meta.get('strict') }}
    {%- for setting, value in meta.get('settings', {}).items() %} set {{ setting }} to {{ value }}{% endfor %}
{%- endmacro %}
