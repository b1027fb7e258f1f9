{# Why a run cannot build on what the last publish left; empty if it can. #}
{% macro why_everything_is_new(last, rules_version) -%}
    {%- if not execute -%}{{ return('nothing runs yet') }}{%- endif -%}
    {%- if flags.FULL_REFRESH -%}{{ return('asked for by --full-refresh') }}{%- endif -%}
    {%- if last is none -%}{{ return('the first run') }}{%- endif -%}
    {%- if last['kind'] == 'roll_back' -%}{{ return('the last publish was rolled back') }}{%- endif -%}
    {%- if last['rules_version'] != rules_version -%}{{ return('rules or models have changed') }}{%- endif -%}
    {%- for node in graph.nodes.values() if node.config.materialized == 'published' -%}
        {%- set table = node.schema ~ '.' ~ node.alias -%}
        {%- if not run_query("select to_regclass('" ~ table ~ "') is not null as is_there").rows[0][0] -%}
            {{ return(table ~ ' is gone') }}
        {%- endif -%}
        {%- if run_query(
            "select coalesce(sum(rows_inserted - rows_deleted), 0) > 0 and not exists (select from " ~ table ~ ") as was_emptied"
            ~ " from ops.published_tables where table_name = '" ~ node.alias ~ "'"
        ).rows[0][0] -%}
            {{ return(table ~ ' was emptied by hand') }}
        {%- endif -%}
    {%- endfor -%}
    {%- set kept_records = target.schema ~ '.int_identity__records' -%}
    {%- set standing = run_query(
        "select to_regclass('" ~ kept_records ~ "') is not null as is_there"
    ).rows[0][0] and run_query('select exists (select from ' ~ kept_records ~ ') as has_rows').rows[0][0] -%}
    {%- if not standing -%}{{ return('nothing is kept of the last publish') }}{%- endif -%}
    {{ return('') }}
{%- endmacro %}
