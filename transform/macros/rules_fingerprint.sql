{#
    Names the rules that a result was made by: the rows of the rules as they stand, comments left out, and the code that
    reads and resolves. The same on every machine and in every rebuild; none until the rules are built.
#}
{% macro rules_fingerprint() -%}
    {%- set rules = rules_models() -%}
    {%- if not execute -%}{{ return(none) }}{%- endif -%}
    {%- set digests = [] -%}
    {%- for relation in rules -%}
        {%- if load_cached_relation(relation) is none -%}{{ return(none) }}{%- endif -%}
        {%- do digests.append("(select " ~ digest_of_rows(relation) ~ ")") -%}
    {%- endfor -%}
    {%- set found = run_query("select md5(" ~ digests | join(" || ") ~ " || '" ~ digest_of_code() ~ "')") -%}
    {{ return(found.rows[0][0]) }}
{%- endmacro %}


{% macro rules_models() -%}
    {{ return([
        ref('int_rules__kinds'),
        ref('int_rules__blocked'),
        ref('int_rules__source_priority'),
        ref('int_rules__accounts'),
        ref('int_rules__identifier_fields'),
        ref('int_rules__options'),
        ref('currencies'),
        ref('money_statuses'),
        ref('paypal_kinds'),
    ]) }}
{%- endmacro %}


{% macro digest_of_rows(relation) -%}
    md5(coalesce(string_agg(rule_row, ' ' order by rule_row collate "C"), '')) from (
        select (to_jsonb(rules) - 'comment')::text as rule_row from {{ relation }} as rules
    ) as rule_rows
{%- endmacro %}


{# The code of the models and of the functions, and the seeds that are no rules. #}
{% macro digest_of_code() -%}
    {%- set read = [] -%}
    {%- for node in graph.nodes.values() if node.resource_type == 'model' -%}
        {%- if node.fqn[1] in ['staging', 'intermediate', 'marts'] -%}{%- do read.append(node) -%}{%- endif -%}
    {%- endfor -%}
    {%- do read.extend(graph.functions.values()) -%}
    {%- set code = [] -%}
    {%- for node in read | sort(attribute='unique_id') -%}
        {%- do code.append(node.unique_id ~ '\n' ~ node.raw_code.split() | join(' ')) -%}
    {%- endfor -%}
    {%- set rules = rules_seeds() -%}
    {%- for node in graph.nodes.values() | sort(attribute='unique_id') if node.resource_type == 'seed' -%}
        {%- if node.name not in rules -%}{%- do code.append(node.unique_id ~ ' ' ~ node.checksum.checksum) -%}{%- endif -%}
    {%- endfor -%}
    {{ return(local_md5(code | join('\n'))) }}
{%- endmacro %}


{# The seeds whose rows count as they stand, with their overrides. #}
{% macro rules_seeds() -%}
    {{ return([
        'identity_rules', 'blocked_identifiers', 'source_priority', 'accounts', 'identifier_fields', 'identity_options',
    ]) }}
{%- endmacro %}
