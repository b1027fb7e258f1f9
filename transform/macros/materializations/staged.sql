{#
    What is to be read of a raw stream: the rows of the new batches where the rest is staged already, else all rows. (A
    load that commits meanwhile may have written over rows of a batch that was taken: they are read as they are by now,
    and again with their new batch.) Use it as the first CTE of a model that is `staged`. Each record is unpacked here once (`||` does it,
    `offset` keeps it), or every column of the model would unpack it again.
#}
{% macro rows_taken(raw_stream) -%}
    select
        account,
        id,
        created_at,
        updated_at,
        record || '{}' as record,
        phones,
        origin,
        {{ loader_columns() }}
    from {{ raw_stream }}
    {%- set batches_taken = ref('int_batches_taken') %}
    {%- if is_staged_as_written() %}
    where
        _batch_id in (select batches_taken.batch_id from {{ batches_taken }} as batches_taken where batches_taken.is_new)
        and {{ between_new_batches(raw_stream) }}
    {%- endif %}
    offset 0
{%- endmacro %}


{#
    The first and the last new batch of a stream, as numbers: between them its block range index finds the rows. What was
    appended since the last look is not in the index yet, and would be read whole.
#}
{% macro between_new_batches(raw_stream) -%}
    {%- set index = raw_stream.schema ~ '.' ~ raw_stream.identifier ~ '_by_batch' -%}
    {%- set summarized = run_query("select brin_summarize_new_values(to_regclass('" ~ index ~ "')) where to_regclass('" ~ index ~ "') is not null") -%}
    {%- set ends = run_query(
        "select coalesce(min(batch_id), 0), coalesce(max(batch_id), 0) from " ~ ref('int_batches_taken')
        ~ " where is_new and source = '" ~ raw_stream.schema | replace('staging_', '') ~ "' and stream = '" ~ raw_stream.identifier ~ "'"
    ).rows[0] -%}
    _batch_id between {{ ends[0] }} and {{ ends[1] }}
{%- endmacro %}


{# The columns that every staging model ends with. #}
{% macro loader_columns() -%}
    _first_loaded_at,
    _loaded_at,
    _batch_id,
    _deleted_at
{%- endmacro %}


{# True if the table stands there, made by this very query. #}
{% macro is_staged_as_written() -%}
    {%- if not execute or should_full_refresh() or load_cached_relation(this) is none -%}
        {{ return(false) }}
    {%- endif -%}
    {%- set written = run_query("select obj_description('" ~ this ~ "'::regclass, 'pg_class')").rows[0][0] -%}
    {{ return(written == reading_of_model()) }}
{%- endmacro %}


{# Names the query that a table was made by; it is the table's comment. #}
{% macro reading_of_model() -%}
    {{ return('read by query ' ~ local_md5(model.raw_code)) }}
{%- endmacro %}


{# A batch of the model's raw streams that is not published yet. #}
{% macro has_new_batches() -%}
    {%- set streams = [] -%}
    {%- for schema, stream in model.sources -%}
        {%- do streams.append("('" ~ schema | replace('staging_', '') ~ "', '" ~ stream ~ "')") -%}
    {%- endfor -%}
    {%- set query -%}
        select exists (
            select from {{ ref('int_batches_taken') }} where is_new and (source, stream) in ({{ streams | join(', ') }})
        )
    {%- endset -%}
    {{ return(run_query(query).rows[0][0]) }}
{%- endmacro %}


{#
    A table with one row per row of a raw stream. New batches are merged into it by that row's key; without
    any, nothing is done. If its query has changed, all rows are read again.
#}
{% materialization staged, default %}

    {%- set target_relation = this.incorporate(type='table') -%}
    {%- set is_standing = is_staged_as_written() -%}

    {% if is_standing and not has_new_batches() %}
        {% call noop_statement('main', 'NOTHING NEW') %}{% endcall %}
        {{ return({'relations': [target_relation]}) }}
    {% endif %}

    {{ run_hooks(pre_hooks, inside_transaction=False) }}
    {{ run_hooks(pre_hooks, inside_transaction=True) }}

    {% if is_standing %}
        {%- set news = make_temp_relation(target_relation) -%}
        {% call statement('main') %}
            create temporary table {{ news.identifier }} on commit drop as (
                {{ sql }}
            );
            delete from {{ target_relation }} as staged using {{ news.identifier }} as news
            where staged.account = news.account and staged.id = news.id;
            insert into {{ target_relation }} select * from {{ news.identifier }};
        {% endcall %}
    {% else %}
        {% call statement('main') %}
            drop table if exists {{ target_relation }} cascade;
            create table {{ target_relation }} as (
                {{ sql }}
            );
        {% endcall %}
        {% call statement('name_its_key_and_query') %}
            alter table {{ target_relation }} add primary key (account, id);
            create index on {{ target_relation }} (_batch_id);
            comment on table {{ target_relation }} is '{{ reading_of_model() }}';
            analyze {{ target_relation }};
        {% endcall %}
    {% endif %}

    {{ run_hooks(post_hooks, inside_transaction=True) }}
    {{ adapter.commit() }}
    {{ run_hooks(post_hooks, inside_transaction=False) }}

    {{ return({'relations': [target_relation]}) }}

{% endmaterialization %}
