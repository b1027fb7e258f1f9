-- name: last_runs
-- Of each source its last run: streams added up, the worst state first.
with ranked as (
    select
        sync_run_status.*,
        dense_rank() over (partition by source order by started_at desc, run_id) as age_rank,
        min(started_at) over (partition by source, run_id) as run_started_at
    from ops.sync_run_status
),

latest as (
    select
        ranked.*,
        first_value(run_id) over (partition by source order by run_started_at desc, run_id) as latest_run_id
    from ranked
)

select
    source,
    run_id::text as run_id,
    min(started_by) as started_by,
    min(run_started_at) as started_at,
    max(coalesce(finished_at, heartbeat_at)) as seen_at,
    (
        array_agg(
            state order by array_position(
                array['dead', 'failed', 'incomplete', 'running', 'succeeded_with_rejects', 'succeeded'], state
            )
        )
    )[1] as state,
    sum(rows_read)::bigint as rows_read,
    sum(rows_new)::bigint as rows_new,
    sum(rows_changed)::bigint as rows_changed,
    sum(rows_rejected)::bigint as rows_rejected,
    sum(progress_done)::bigint as progress_done,
    sum(progress_total)::bigint as progress_total,
    max(error) as error
from latest
where run_id = latest_run_id
group by source, run_id
order by source

-- name: staged_tables
-- The tables of the staging schemas.
select table_schema as schema, table_name as name
from information_schema.tables
where table_schema like 'staging\_%' and table_type = 'BASE TABLE'
order by table_schema, table_name

-- name: pending
-- Rows that wait to be unified, per source.
select source, sum(rows_new + rows_changed)::bigint as pending
from unified.pending_unification
group by source

-- name: rejects
-- Refused records per source, over all runs.
select source, count(*) as rejected
from ops.rejected_records
group by source
order by source

-- name: mappings
-- What each column of the imported kinds of CSV means: what a person said, else what the newest file of that kind showed.
with headers as (
    select distinct on (files.record ->> 'kind', header)
        files.record ->> 'kind' as kind,
        header,
        files.record -> 'mapping' ->> header as field
    from staging_csv.files
    cross join lateral jsonb_array_elements_text(files.record -> 'headers') as header
    order by files.record ->> 'kind', header, files._loaded_at desc
)

select
    headers.kind,
    headers.header,
    case when said.kind is not null then said.field else headers.field end as field,
    coalesce(said.changed_by, 'detected') as said_by
from headers
left join ops.csv_mappings as said on headers.kind = said.kind and headers.header = said.header
where headers.kind = %(kind)s or %(kind)s is null
order by headers.kind, headers.header

-- name: unified_figures
-- How many clients, records and open conflicts are published.
select
    (select count(*) from unified.clients) as clients,
    (select count(*) from unified.client_records) as records,
    (select count(*) from unified.merge_conflicts where status = 'open') as conflicts

-- name: downloads
-- Of each of these runs how far it is: streams added up, the worst state, what a person should know.
select
    run_id::text as run_id,
    (
        array_agg(
            state order by array_position(
                array['dead', 'failed', 'incomplete', 'running', 'succeeded_with_rejects', 'succeeded'], state
            )
        )
    )[1] as state,
    sum(rows_read)::bigint as rows_read,
    sum(rows_new)::bigint as rows_new,
    sum(rows_changed)::bigint as rows_changed,
    sum(rows_deleted)::bigint as rows_deleted,
    sum(rows_rejected)::bigint as rows_rejected,
    sum(requests)::bigint as requests,
    max(waiting_until) as waiting_until,
    string_agg(distinct note, '; ') as note,
    max(error) as error
from ops.sync_run_status
where run_id = any(%(run_ids)s::uuid[])
group by run_id

-- name: files_as_mapped
-- Each imported file's kind, headers and the meaning of its columns: what a person said, else what was detected.
select
    files.account,
    files.id as file_id,
    files.record ->> 'kind' as kind,
    files.record -> 'headers' as headers,
    jsonb_strip_nulls(coalesce(files.record -> 'mapping', '{}') || coalesce(said.mapping, '{}')) as mapping
from staging_csv.files
left join (
    select kind, jsonb_object_agg(header, field) as mapping from ops.csv_mappings group by kind
) as said on files.record ->> 'kind' = said.kind
where jsonb_typeof(files.record -> 'headers') = 'array'

-- name: standing_overrides
-- Changes of the rules that stand.
select
    override_id,
    seed,
    key,
    rule_overrides.row,
    comment,
    changed_by,
    changed_at
from ops.rule_overrides
where withdrawn_at is null
order by override_id

-- name: contested_records
-- Of each of two clients the first loaded record that holds the strongest value which both hold and which counts.
with one as (
    select identifiers.value_number
    from unified_internal.int_identity__clusters as clusters
    inner join unified_internal.int_identity__identifiers as identifiers
        on clusters.record_number = identifiers.record_number
    where clusters.client_id = %(one)s
),

other as (
    select identifiers.value_number
    from unified_internal.int_identity__clusters as clusters
    inner join unified_internal.int_identity__identifiers as identifiers
        on clusters.record_number = identifiers.record_number
    where clusters.client_id = %(other)s
),

contested as (
    select min(one.value_number) as value_number
    from one
    inner join other on one.value_number = other.value_number
    left join unified_internal.int_identity__excluded as excluded on one.value_number = excluded.value_number
    where excluded.value_number is null
)

select distinct on (clusters.client_id)
    clusters.client_id::text as client_id,
    records.record_key
from contested
inner join unified_internal.int_identity__identifiers as identifiers on contested.value_number = identifiers.value_number
inner join unified_internal.int_identity__clusters as clusters on identifiers.record_number = clusters.record_number
inner join unified_internal.int_identity__records as records on identifiers.record_number = records.record_number
where clusters.client_id in (%(one)s, %(other)s)
order by clusters.client_id, records._first_loaded_at, records.record_key collate "C"
