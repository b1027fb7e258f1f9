{# Letters beyond ASCII have a case and count as letters, also in a database that was made with the locale C. #}
{% macro unicode_collation() -%}
    {%- if execute -%}
        {%- set found = run_query(
            "select collname from pg_collation where collname in ('pg_c_utf8', 'und-x-icu') order by collname"
        ) -%}
        {%- if found | length > 0 %}collate "{{ found[0]['collname'] }}"{% endif -%}
    {%- endif -%}
{%- endmacro %}
