{# The schema is exactly what the layer says: readers and grants name `unified`, never `<target>_unified`. #}
{% macro generate_schema_name(custom_schema_name, node) -%}
    {{ (custom_schema_name or target.schema) | trim }}
{%- endmacro %}
