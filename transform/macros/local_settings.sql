{#
    Settings for one transaction, whatever the server's are: enough memory for large sorts, as long as it takes (managed
    servers end a query after two minutes), and no just-in-time compiling, which costs seconds for each of our long
    queries and gains nothing.
#}
{% macro local_settings() -%}
    set local work_mem to '{{ var("work_mem") }}'; set local statement_timeout to '{{ var("statement_timeout") }}'; set local jit to off
    {#- A full run reads whole tables: a nested loop is never right there, whatever an estimate says. #}
    {%- if execute and this_run().is_full %}; set local enable_nestloop to off
    {#- Any other run looks a few rows up in large tables that are in memory or on a disk without a needle. #}
    {%- else %}; set local random_page_cost to 1.1{% endif %}
{%- endmacro %}


{% macro postgres__get_test_sql(main_sql, fail_calc, warn_if, error_if, limit) -%}
    {{ local_settings() }};
    {{ default__get_test_sql(main_sql, fail_calc, warn_if, error_if, limit) }}
{%- endmacro %}


{% macro postgres__get_unit_test_sql(main_sql, expected_fixture_sql, expected_column_names) -%}
    {{ local_settings() }};
    {{ default__get_unit_test_sql(main_sql, expected_fixture_sql, expected_column_names) }}
{%- endmacro %}


{# Statistics of a table that was written whole; where rows were only added, autovacuum sees to it. #}
{% macro analyze_if_written() -%}
    {%- if model.config.materialized == 'table' or (model.config.materialized == 'incremental' and not is_incremental()) -%}
        analyze {{ this }}
    {%- endif -%}
{%- endmacro %}
