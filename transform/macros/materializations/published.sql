{# Where the next version of a published table can be read before it is published. #}
{% macro next_version(relation) -%}
    {{ return(api.Relation.create(
        database=relation.database, schema=target.schema, identifier='next_' ~ relation.identifier, type='view'
    )) }}
{%- endmacro %}


{#
    A table that people read. Building it makes the view `unified_internal.next_<name>` of its query and, the first
    time, the empty table of its contract. Its rows are changed by the model `publish` alone, all tables at once.
#}
{% materialization published, default %}

    {%- set target_relation = this.incorporate(type='table') -%}
    {%- set next_relation = next_version(target_relation) -%}
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
        drop view if exists {{ next_relation }};
        create view {{ next_relation }} as (
            {{ get_select_subquery(sql) }}
        );
        {% if existing_relation is none %}
            create table {{ target_relation }} {{ get_table_columns_and_constraints() }};
        {% endif %}
    {% endcall %}
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
