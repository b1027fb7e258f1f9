{# The value of an option of the rules; none if it has no value, and until the rules are built. #}
{% macro identity_option(name) -%}
    {%- set options = ref('int_rules__options') -%}
    {%- if not execute or load_cached_relation(options) is none -%}{{ return(none) }}{%- endif -%}
    {%- set found = run_query("select value from " ~ options ~ " where option = '" ~ name ~ "'").rows -%}
    {{ return(found[0][0] if found | length > 0 else none) }}
{%- endmacro %}
