{# Where the rows that a run computes stand until they are published. #}
{% macro next_version(relation) -%}
    {{ return(api.Relation.create(
        database=relation.database, schema=target.schema, identifier='next_' ~ relation.identifier, type='table'
    )) }}
{%- endmacro %}


{#
    The run that is under way (or was the last), as its model wrote it down; a full one before there is any, and where a
    crash of the server has emptied what that run computed.
#}
{% macro this_run() -%}
    {%- set relation = standing('int_run') -%}
    {%- if execute and run_query("select to_regclass('" ~ relation ~ "') is not null as is_there").rows[0][0] -%}
        {%- set rows = run_query('select run_id::text as run_id, is_full from ' ~ relation).rows -%}
        {%- for row in rows -%}{{ return({'run_id': row['run_id'], 'is_full': row['is_full']}) }}{%- endfor -%}
    {%- endif -%}
    {{ return({'run_id': invocation_id, 'is_full': true}) }}
{%- endmacro %}


{# True if this run resolves everything anew; else it resolves what has changed since the last publish. #}
{% macro is_full_run() -%}
    {%- set after = ref('int_run') -%}
    {{ return(this_run().is_full) }}
{%- endmacro %}


{# The node of a model, by its relation. #}
{% macro node_of(relation) -%}
    {%- for node in graph.nodes.values() if node.resource_type == 'model' and node.alias == relation.identifier -%}
        {{ return(node) }}
    {%- endfor -%}
{%- endmacro %}


{# The model that lists the keys whose rows a run replaces, and those key columns; none if it replaces all rows. #}
{% macro scope_of(node) -%}
    {%- if not node.config.get('scope') -%}{{ return(none) }}{%- endif -%}
    {%- set keys = node.config.get('scope_key') -%}
    {{ return({
        'relation': api.Relation.create(database=node.database, schema=target.schema, identifier=node.config.get('scope')),
        'key': [keys] if keys is string else keys,
    }) }}
{%- endmacro %}


{% macro on_columns(columns, one, other) -%}
    {%- for column in columns %}{{ one }}.{{ column }} = {{ other }}.{{ column }}{{ ' and ' if not loop.last }}{% endfor -%}
{%- endmacro %}


{#
    The rows that a `kept` or `published` model will have after the publish, for the keys in `of` (a relation with the
    columns `by`, no key twice): those of this run, and of the others those that stand. In a full run all rows are new.
#}
{% macro current(relation, of=none, by=none) -%}
    {%- set after = ref('int_run') -%}
    {%- if not execute -%}{{ return('(select * from ' ~ relation ~ ')') }}{%- endif -%}
    {%- set next = next_version(relation) -%}
    {%- set scope = scope_of(node_of(relation)) -%}
    {%- if this_run().is_full or scope is none -%}{{ return('(select * from ' ~ next ~ ')') }}{%- endif -%}
    {%- set columns = [by] if by is string else by -%}
    (
        {% if of is none %}
        select next_rows.* from {{ next }} as next_rows
        union all
        select standing.* from {{ relation }} as standing
        where
        {% else %}
        select next_rows.*
        from {{ of }} as wanted
        inner join {{ next }} as next_rows on {{ on_columns(columns, 'wanted', 'next_rows') }}
        union all
        select standing.*
        from {{ of }} as wanted
        inner join {{ relation }} as standing on {{ on_columns(columns, 'wanted', 'standing') }}
        where
        {% endif %}
            not exists (
                select from {{ scope.relation }} as scope_keys
                where {{ on_columns(scope.key, 'scope_keys', 'standing') }}
            )
    )
{%- endmacro %}


{# Rows of a small `kept` model (all of it in scope) that this run has and the last publish had not, or the other way. #}
{% macro differing(relation) -%}
    (
        (
            select * from {{ next_version(relation) }}
            except
            select * from {{ relation }}
        )
        union
        (
            select * from {{ relation }}
            except
            select * from {{ next_version(relation) }}
        )
    )
{%- endmacro %}


{#
    Which rows of these streams (each a model with its source and stream) new batches brought, and which rows of CSV files
    are read in another way now.
#}
{% macro rows_of_new_batches(streams, batches_taken, changed_files) -%}
    {% for stream in streams %}
    select
        '{{ stream.source }}' as source,
        '{{ stream.stream }}' as stream,
        staged.account,
        staged.id
    from {{ stream.model }} as staged
    where
        staged._batch_id in (
            select batches_taken.batch_id from {{ batches_taken }} as batches_taken
            where batches_taken.is_new
        )
    {% if stream.source == 'csv' %}
    union
    select
        '{{ stream.source }}' as source,
        '{{ stream.stream }}' as stream,
        imports.account,
        imports.id
    from {{ changed_files }} as changed_files
    inner join {{ stream.model }} as imports
        on changed_files.account = imports.account and changed_files.file_id = imports.file_id
    {% endif %}
    {{ 'union' if not loop.last }}
    {% endfor %}
{%- endmacro %}


{# What the last publish left of a model that comes later in the line: `ref` would close a circle. #}
{% macro standing(name) -%}
    {{ return(api.Relation.create(database=target.database, schema=target.schema, identifier=name, type='table')) }}
{%- endmacro %}


{# The same of a published table. #}
{% macro published(name) -%}
    {{ return(api.Relation.create(database=target.database, schema='unified', identifier=name, type='table')) }}
{%- endmacro %}


{# Once a record, always a record: a row that has lost its identifiers keeps the id that it once founded. #}
{% macro was_published(record_key) -%}
    {%- set relation = published('client_records') -%}
    {%- if not execute or load_relation(relation) is none -%}{{ return('false') }}{%- endif -%}
    exists (select from {{ relation }} as published where published.record_key = {{ record_key }})
{%- endmacro %}
