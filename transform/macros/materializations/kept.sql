{# Writes what a run computes for a model into its `next_` table, and names the run there. #}
{% macro compute_next(relation, sql) %}
    {%- set next_relation = next_version(relation) -%}
    drop table if exists {{ next_relation }} cascade;
    create unlogged table {{ next_relation }} as (
        {{ sql }}
    );
    comment on table {{ next_relation }} is 'computed by run {{ invocation_id }}';
{% endmacro %}


{% macro analyze_next(relation) %}
    {%- set scope = scope_of(model) -%}
    {%- set next_relation = next_version(relation) -%}
    {% call statement('analyze_next') %}
        {% if not this_run().is_full and scope %}
            create index on {{ next_relation }} ({{ scope.key | join(', ') }});
        {% endif %}
        analyze {{ next_relation }};
    {% endcall %}
{% endmacro %}


{#
    What a run needs to know of the last publish. Building it computes `next_<name>`: the new rows of the keys in the
    model `scope` (of all keys in a full run, or without `scope`). The table <name> itself is changed by `publish` alone,
    so a run that is killed or held has changed nothing, and the next one begins at the same state.

    Unlogged, which halves the writing: after a crash of the server it is empty, and the next run is a full one.
#}
{% materialization kept, default %}

    {%- set target_relation = this.incorporate(type='table') -%}

    {{ run_hooks(pre_hooks, inside_transaction=False) }}
    {{ run_hooks(pre_hooks, inside_transaction=True) }}

    {% call statement('main') %}
        {{ compute_next(target_relation, sql) }}
    {% endcall %}
    {% do analyze_next(target_relation) %}
    {% if load_cached_relation(this) is none %}
        {% call statement('stand') %}
            create unlogged table {{ target_relation }} (like {{ next_version(target_relation) }});
        {% endcall %}
    {% endif %}

    {{ run_hooks(post_hooks, inside_transaction=True) }}
    {{ adapter.commit() }}
    {{ run_hooks(post_hooks, inside_transaction=False) }}

    {{ return({'relations': [target_relation]}) }}

{% endmaterialization %}


{# Replaces the rows in scope that differ; after a full run the new table takes the place of the old one. #}
{% macro keep(node, relation, is_full) %}
    {%- set next_relation = next_version(relation) -%}
    {%- set scope = scope_of(node) -%}
    {%- set columns = adapter.get_columns_in_relation(next_relation) | map(attribute='quoted') | join(', ') -%}
    {% if is_full or not scope %}
        drop table if exists {{ relation }} cascade;
        create unlogged table {{ relation }} (like {{ next_relation }});
        alter table {{ relation }} rename to {{ relation.identifier ~ '__swapped' }};
        alter table {{ next_relation }} rename to {{ relation.identifier }};
        alter table {{ relation.include(identifier=false) }}.{{ relation.identifier ~ '__swapped' }} rename to {{ next_relation.identifier }};
        {% for index in node.config.get('indexes', []) %}
            create {{ 'unique ' if index.unique }}index on {{ relation }} {{ 'using ' ~ index.type if index.type }}
            ({{ index.columns | join(', ') }}) {{ 'where ' ~ index.where if index.where }};
        {% endfor %}
    {% else %}
        delete from {{ relation }} as standing using {{ scope.relation }} as scope_keys
        where {{ on_columns(scope.key, 'standing', 'scope_keys') }} and not exists (
            select from {{ next_relation }} as next_rows
            where {{ on_columns(scope.key, 'next_rows', 'standing') }} and next_rows is not distinct from standing
        );
        insert into {{ relation }} ({{ columns }})
        select {{ columns }} from {{ next_relation }} as next_rows
        where not exists (
            select from {{ relation }} as standing
            where {{ on_columns(scope.key, 'next_rows', 'standing') }} and next_rows is not distinct from standing
        );
    {% endif %}
{% endmacro %}
