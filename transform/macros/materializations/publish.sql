{# The published models that this model depends on, each with its relations, its columns and its key. #}
{% macro published_tables() %}
    {%- set tables = [] -%}
    {%- for node_id in model.depends_on.nodes if graph.nodes[node_id].config.materialized == 'published' -%}
        {%- set node = graph.nodes[node_id] -%}
        {%- set relation = api.Relation.create(
            database=node.database, schema=node.schema, identifier=node.alias, type='table'
        ) -%}
        {%- set key = [] -%}
        {%- for constraint in node.constraints if constraint.type == 'primary_key' -%}
            {%- do key.extend(constraint.columns) -%}
        {%- endfor -%}
        {%- set required = [] -%}
        {%- for column in node.columns.values() -%}
            {%- for constraint in column.constraints -%}
                {%- if constraint.type == 'primary_key' -%}{%- do key.append(column.name) -%}{%- endif -%}
                {%- if constraint.type == 'not_null' -%}{%- do required.append(column.name) -%}{%- endif -%}
            {%- endfor -%}
        {%- endfor -%}
        {%- do tables.append({
            'name': node.alias,
            'relation': relation,
            'next': next_version(relation),
            'changes': 'changes_of_' ~ node.alias,
            'columns': node.columns.keys() | list,
            'key': key,
            'required': required,
            'scope': scope_of(node),
        }) -%}
    {%- endfor -%}
    {{ return(tables) }}
{% endmacro %}


{# How the published table differs in shape from its next version: one row per column. #}
{% macro column_differences(table) %}
    {%- set columns_of = "select attname as name, format_type(atttypid, atttypmod) as type, attnotnull as is_required from pg_attribute where attnum > 0 and not attisdropped and attrelid = " -%}
    {% set differences %}
        select
            coalesce(now.name, later.name) as name,
            now.type as type_now,
            later.type as type_later,
            coalesce(now.is_required, false) as is_required
        from ({{ columns_of }} to_regclass('{{ table.relation }}')) as now
        full join ({{ columns_of }} to_regclass('{{ table.next }}')) as later on now.name = later.name
    {% endset %}
    {{ return(run_query(differences)) }}
{% endmacro %}


{# Brings a published table into the shape of its contract, before its rows are changed. #}
{% macro reshape(table) %}
    {% for column in column_differences(table) if column.type_now != column.type_later %}
        {% if column.name in table.key %}
            {% do exceptions.raise_compiler_error(
                'The key column "' ~ column.name ~ '" of ' ~ table.relation ~ ' has another type in its contract. '
                ~ 'Run `drop table ' ~ table.relation ~ ' cascade` (views on it go with it; `dbt build` fills it again) and then `dbt build`.'
            ) %}
        {% endif %}
        {% if column.type_now is not none %}alter table {{ table.relation }} drop column "{{ column.name }}";{% endif %}
        {% if column.type_later is not none %}alter table {{ table.relation }} add column "{{ column.name }}" {{ column.type_later }};{% endif %}
    {% endfor %}
{% endmacro %}


{# What must not be null, set when the rows are in. #}
{% macro require(table) %}
    {% for column in column_differences(table) if column.name not in table.key %}
        {% if column.is_required != (column.name in table.required) %}
            alter table {{ table.relation }} alter column "{{ column.name }}"
            {{ 'set' if column.name in table.required else 'drop' }} not null;
        {% endif %}
    {% endfor %}
{% endmacro %}


{#
    The indexes of a table, each with what takes it away and what makes it again: a sort over all rows is several times
    faster than 800,000 places in a tree. What a foreign key of somebody's rests on stays.
#}
{% macro indexes_of(table) %}
    {% set indexes %}
        select
            case
                when keys.oid is null then format('drop index %s', pg_index.indexrelid::regclass)
                else format('alter table %s drop constraint %I', pg_index.indrelid::regclass, keys.conname)
            end as drop_it,
            case
                when keys.oid is null then pg_get_indexdef(pg_index.indexrelid)
                else format(
                    'alter table %s add constraint %I %s',
                    pg_index.indrelid::regclass, keys.conname, pg_get_constraintdef(keys.oid)
                )
            end as make_it
        from pg_index
        left join pg_constraint as keys on pg_index.indexrelid = keys.conindid and keys.contype <> 'f'
        where pg_index.indrelid = to_regclass('{{ table.relation }}') and not exists (
            select from pg_constraint as relying
            where pg_index.indexrelid = relying.conindid and relying.contype = 'f'
        )
    {% endset %}
    {{ return(run_query(indexes)) }}
{% endmacro %}


{# Fills a table that was empty. Its rows are counted, not logged: there was nothing before them. #}
{% macro fill(table, is_reshaped) %}
    {%- set indexes = indexes_of(table) -%}
    {% for index in indexes %}{{ index.drop_it }};{% endfor %}

    insert into {{ table.relation }} ({{ table.columns | join(', ') }})
    select {{ table.columns | join(', ') }} from {{ table.next }};

    {% for index in indexes %}{{ index.make_it }};{% endfor %}

    insert into ops.published_tables (
        publish_id, table_name, was_empty, was_reshaped, rows_inserted, rows_updated, rows_deleted
    )
    select
        currval(pg_get_serial_sequence('ops.publishes', 'publish_id')),
        '{{ table.name }}',
        true,
        {{ is_reshaped }},
        count(*),
        0,
        0
    from {{ table.relation }};
{% endmacro %}


{# The rows that the next ones replace. #}
{% macro standing_rows(table, is_full) -%}
    {%- if is_full or not table.scope -%}{{ return(table.relation) }}{%- endif -%}
    (
        select standing.* from {{ table.relation }} as standing
        where ({{ table.scope.key | join(', ') }}) in (select {{ table.scope.key | join(', ') }} from {{ table.scope.relation }})
    )
{%- endmacro %}


{# Changes the rows that differ, and only those, and writes down what they were and what they are. #}
{% macro change(table, is_full, is_reshaped) %}
    create temporary table {{ table.changes }} on commit drop as
    select
        case
            when published.{{ table.key[0] }} is null then 'insert'
            when next.{{ table.key[0] }} is null then 'delete'
            else 'update'
        end as operation,
        {%- for column in table.key %}
        coalesce(next.{{ column }}, published.{{ column }}) as {{ column }},
        {%- endfor %}
        case when published.{{ table.key[0] }} is not null then to_jsonb(published) end as old,
        next as next_row
    from {{ standing_rows(table, is_full) }} as published
    full join {{ table.next }} as next on {{ on_columns(table.key, 'published', 'next') }}
    where published.{{ table.key[0] }} is null
        or next.{{ table.key[0] }} is null
        or row({% for column in table.columns %}published.{{ column }}{{ ', ' if not loop.last }}{% endfor %})
        is distinct from row({% for column in table.columns %}next.{{ column }}{{ ', ' if not loop.last }}{% endfor %});

    insert into ops.publish_log (publish_id, table_name, key, operation, old, new)
    select
        currval(pg_get_serial_sequence('ops.publishes', 'publish_id')),
        '{{ table.name }}',
        jsonb_build_object({% for column in table.key %}'{{ column }}', {{ column }}{{ ', ' if not loop.last }}{% endfor %}),
        operation,
        old,
        case when operation <> 'delete' then to_jsonb(next_row) end
    from {{ table.changes }};

    delete from {{ table.relation }} as published
    using {{ table.changes }} as changes
    where changes.operation = 'delete' and {{ on_columns(table.key, 'published', 'changes') }};

    {% set plain_columns = table.columns | reject('in', table.key) | list %}
    {% if plain_columns %}
        update {{ table.relation }} as published
        set {% for column in plain_columns %}{{ column }} = (changes.next_row).{{ column }}{{ ', ' if not loop.last }}{% endfor %}
        from {{ table.changes }} as changes
        where changes.operation = 'update' and {{ on_columns(table.key, 'published', 'changes') }};
    {% endif %}

    insert into {{ table.relation }} ({{ table.columns | join(', ') }})
    select {% for column in table.columns %}(next_row).{{ column }}{{ ', ' if not loop.last }}{% endfor %}
    from {{ table.changes }} where operation = 'insert';

    insert into ops.published_tables (
        publish_id, table_name, was_empty, was_reshaped, rows_inserted, rows_updated, rows_deleted
    )
    select
        currval(pg_get_serial_sequence('ops.publishes', 'publish_id')),
        '{{ table.name }}',
        false,
        {{ is_reshaped }},
        count(*) filter (where operation = 'insert'),
        count(*) filter (where operation = 'update'),
        count(*) filter (where operation = 'delete')
    from {{ table.changes }};
{% endmacro %}


{# Writes down since when each conflict is known, from the change of `merge_conflicts`. #}
{% macro log_conflicts(table, was_empty) %}
    {%- set seen -%}
        {%- if was_empty -%}
            select conflict_id, business, kind, value from {{ table.relation }}
        {%- else -%}
            select (next_row).conflict_id, (next_row).business, (next_row).kind, (next_row).value
            from {{ table.changes }} where operation <> 'delete'
        {%- endif -%}
    {%- endset -%}
    insert into ops.conflict_log as known (conflict_id, business, kind, value)
    {{ seen }}
    on conflict (conflict_id) do update set
        last_seen_at = excluded.last_seen_at,
        closed_at = null,
        reopened = known.reopened + (known.closed_at is not null)::integer;
    {% if not was_empty %}
        update ops.conflict_log as known
        set closed_at = clock_timestamp()
        from {{ table.changes }} as changes
        where changes.operation = 'delete' and known.conflict_id = changes.conflict_id and known.closed_at is null;
    {% endif %}
{% endmacro %}


{# Nothing is published while that is held, unless a person asks for the very run that they have looked at. #}
{% macro require_no_hold(run_id) %}
    {%- set asked_for = env_var('STAGE_FIRST_PUBLISH_RUN', '') -%}
    {%- set hold = run_query(
        "select to_char(since, 'YYYY-MM-DD HH24:MI') as since, set_by, reason from ops.publish_hold where is_held and set_by <> 'gate'"
    ).rows -%}
    {% if asked_for and asked_for != run_id %}
        {% do exceptions.raise_compiler_error(
            'Another run came after the one that you looked at. Look again: `stage-first publish`.'
        ) %}
    {% elif hold | length > 0 and not asked_for %}
        {% do exceptions.raise_compiler_error(
            'Publishing is held since ' ~ hold[0]['since'] ~ ' UTC by ' ~ hold[0]['set_by'] ~ ', because ' ~ hold[0]['reason']
            ~ ' Look with `meltano run unify-preview`; publish with `stage-first publish`.'
        ) %}
    {% endif %}
{% endmacro %}


{# What was computed before another publish, or before a roll-back, is about tables that no longer stand. #}
{% macro require_latest() %}
    {%- set later = run_query(
        "select kind, publish_id from ops.publishes where published_at > (select started_at from " ~ ref('int_run')
        ~ ") order by publish_id desc limit 1"
    ).rows -%}
    {% if later | length > 0 %}
        {% do exceptions.raise_compiler_error(
            ('A roll-back' if later[0]['kind'] == 'roll_back' else 'Another publish') ~ ' (' ~ later[0]['publish_id']
            ~ ') came after this was computed. Compute it anew: `meltano run unify-preview`, or `meltano run unify`.'
        ) %}
    {% endif %}
{% endmacro %}


{# The `kept` models that this model depends on. #}
{% macro kept_nodes() %}
    {%- set nodes = [] -%}
    {%- for node_id in model.depends_on.nodes if graph.nodes[node_id].config.materialized == 'kept' -%}
        {%- do nodes.append(graph.nodes[node_id]) -%}
    {%- endfor -%}
    {{ return(nodes) }}
{% endmacro %}


{% macro relation_of(node, type='table') -%}
    {{ return(api.Relation.create(database=node.database, schema=node.schema, identifier=node.alias, type=type)) }}
{%- endmacro %}


{# All that is published must come from one run: models built one by one could contradict each other. #}
{% macro require_one_run(relations, run_id) %}
    {% for relation in relations %}
        {%- set next_relation = next_version(relation) -%}
        {%- set told = run_query("select obj_description(to_regclass('" ~ next_relation ~ "'), 'pg_class') as told").rows[0][0] -%}
        {% if told != 'computed by run ' ~ run_id %}
            {% do exceptions.raise_compiler_error(
                next_relation ~ ' is not of the run that would be published. Run `dbt build` (or `meltano run unify`).'
            ) %}
        {% endif %}
    {% endfor %}
{% endmacro %}


{#
    The one door: in one transaction, changes the rows that differ in every published table, logs them, replaces what is
    kept for the next run, and marks the batches as unified. Readers see all of a publish or nothing of it.
#}
{#
    All tables that a full run replaces, at once and before the first of them: whoever decides reads several of them in
    one transaction, and would wait for one that is replaced while we wait for another.
#}
{% macro lock_kept(kept) %}
    lock table ops.merge_decisions in share mode;
    lock table {% for node in kept %}{{ relation_of(node) }}{{ ', ' if not loop.last }}{% endfor %} in access exclusive mode;
{% endmacro %}


{# No selection of nodes goes around the gates; only `run --select publish`, which says so itself, does. #}
{% macro require_gates() %}
    {%- set left_out = [] -%}
    {%- for node in graph.nodes.values() if node.resource_type == 'test' and 'gates' in node.fqn -%}
        {%- if node.unique_id not in selected_resources %}{% do left_out.append(node.name) %}{% endif -%}
    {%- endfor -%}
    {% if flags.WHICH != 'run' and left_out %}
        {% do exceptions.raise_compiler_error(
            'This selection leaves out the gates ' ~ left_out | join(', ') ~ ', so it does not publish. Run `dbt build` without them in `--exclude`; '
            ~ 'or, to publish what a gate holds after you have looked at it, `dbt run --select publish`.'
        ) %}
    {% endif %}
{% endmacro %}


{% materialization publish, default %}

    {%- set target_relation = this.incorporate(type='view') -%}
    {%- set tables = published_tables() -%}
    {%- set kept = kept_nodes() -%}
    {%- set run = this_run() -%}

    {% if flags.WHICH == 'run' and selected_resources | length > 1 %}
        {% do exceptions.raise_compiler_error(
            '`dbt run` passes no gate, so it does not publish. Run `dbt build`; '
            ~ 'or, to publish what a gate holds after you have looked at it, `dbt run --select publish`.'
        ) %}
    {% endif %}

    {% do require_gates() %}

    {% call statement('begin_publish') %}
        {{ local_settings() }};
        lock table ops.publishes in share row exclusive mode;
    {% endcall %}
    {%- set last = run_query('select invocation_id::text as run_id from ops.publishes order by publish_id desc limit 1').rows -%}
    {% if last | length > 0 and last[0]['run_id'] == run.run_id %}
        {% call noop_statement('main', 'ALREADY PUBLISHED') %}{% endcall %}
        {{ return({'relations': [target_relation]}) }}
    {% endif %}
    {% set relations = tables | map(attribute='relation') | list %}
    {% for node in kept %}{% do relations.append(relation_of(node)) %}{% endfor %}
    {% do require_latest() %}
    {% do require_one_run(relations, run.run_id) %}
    {% do require_no_hold(run.run_id) %}

    {{ run_hooks(pre_hooks, inside_transaction=False) }}
    {{ run_hooks(pre_hooks, inside_transaction=True) }}

    {% call statement('open_publish') %}
        {% for table in tables %}
            lock table {{ table.relation }} in share row exclusive mode;
        {% endfor %}
        insert into ops.publishes (invocation_id, rules_version, mode)
        select run_id, rules_version, case when is_full then 'full' else 'incremental' end
        from {{ ref('int_run') }};
    {% endcall %}

    {% for table in tables %}
        {%- set shape = reshape(table) | trim -%}
        {% if shape %}{% call statement('reshape') %}{{ shape }}{% endcall %}{% endif %}
        {%- set was_empty = run_query('select not exists (select from ' ~ table.relation ~ ') as was_empty').rows[0][0] -%}
        {% call statement('rows_of_' ~ table.name) %}
            {{ fill(table, shape != '') if was_empty else change(table, run.is_full, shape != '') }}
        {% endcall %}
        {% if table.name == 'merge_conflicts' %}
            {% call statement('log_conflicts') %}{{ log_conflicts(table, was_empty) }}{% endcall %}
        {% endif %}
        {%- set requirements = require(table) | trim -%}
        {% if requirements %}{% call statement('require') %}{{ requirements }}{% endcall %}{% endif %}
    {% endfor %}

    {% if run.is_full %}{% call statement('lock_kept') %}{{ lock_kept(kept) }}{% endcall %}{% endif %}
    {% for node in kept %}
        {% call statement('keep_' ~ node.alias) %}{{ keep(node, relation_of(node), run.is_full) }}{% endcall %}
    {% endfor %}

    {% call statement('main') %}
        insert into ops.unified_batches (batch_id, publish_id)
        select resolved.batch_id, currval(pg_get_serial_sequence('ops.publishes', 'publish_id'))
        from {{ ref('int_batches_resolved') }} as resolved
        inner join ops.batches on resolved.batch_id = batches.batch_id
        on conflict (batch_id) do nothing;

        update ops.publishes
        set
            batches_unified = (select count(*) from ops.unified_batches where unified_batches.publish_id = publishes.publish_id),
            (rows_inserted, rows_updated, rows_deleted) = (
                select sum(rows_inserted), sum(rows_updated), sum(rows_deleted)
                from ops.published_tables
                where published_tables.publish_id = publishes.publish_id
            )
        where publish_id = currval(pg_get_serial_sequence('ops.publishes', 'publish_id'));

        update ops.publish_hold set is_held = false, reason = null, since = null, set_by = null where is_held;

        drop view if exists {{ target_relation }};
        create view {{ target_relation }} as (
            {{ sql }}
        );
    {% endcall %}

    {{ run_hooks(post_hooks, inside_transaction=True) }}
    {{ adapter.commit() }}
    {{ run_hooks(post_hooks, inside_transaction=False) }}

    {{ return({'relations': [target_relation]}) }}

{% endmaterialization %}
