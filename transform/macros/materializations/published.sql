{#
    A table that people read. Building it computes `unified_internal.next_<name>`: the new rows of the keys in the model
    `scope` (of all keys in a full run, or without `scope`), and, the first time, makes the empty table of its contract.
    Its rows are changed by the model `publish` alone, all tables at once.
#}
{% materialization published, default %}

    {%- set target_relation = this.incorporate(type='table') -%}
    {%- set existing_relation = load_cached_relation(this) -%}

    {% if not config.get('contract').enforced %}
        {% do exceptions.raise_compiler_error(
            'The published model "' ~ model.name ~ '" needs a contract: set `contract: {enforced: true}` and its columns in its .yml file.'
        ) %}
    {% endif %}

    {{ run_hooks(pre_hooks, inside_transaction=False) }}
    {{ run_hooks(pre_hooks, inside_transaction=True) }}

    {% call statement('main') %}
        {{ get_assert_columns_equivalent(sql) }}
        {{ compute_next(target_relation, get_select_subquery(sql)) }}
        {% if existing_relation is none %}
            create table {{ target_relation }} {{ get_table_columns_and_constraints() }};
        {% endif %}
    {% endcall %}
    {% do analyze_next(target_relation) %}
    {% if existing_relation is none %}
        {% do create_indexes(target_relation) %}
    {% endif %}
    {% do apply_grants(target_relation, config.get('grants'), should_revoke=True) %}
    {% do persist_docs(target_relation, model) %}

    {{ run_hooks(post_hooks, inside_transaction=True) }}
    {{ adapter.commit() }}
    {{ run_hooks(post_hooks, inside_transaction=False) }}

    {{ return({'relations': [target_relation]}) }}

{% endmaterialization %}
