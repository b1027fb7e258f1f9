-- name: fingerprint
-- Something else after every change that the home page shows; asked once a second, so it reads a few rows only.
with recursive sources as (
    (select source from ops.sync_runs order by source limit 1)
    union all
    select (select min(sync_runs.source) from ops.sync_runs where sync_runs.source > sources.source)
    from sources
    where sources.source is not null
)

select
    (select max(batch_id) from ops.batches) as batch,
    (select max(publish_id) from ops.publishes) as publish,
    (select max(decision_id) from ops.merge_decisions) as decision,
    (select max(withdrawn_at) from ops.merge_decisions) as withdrawal,
    (select set_by || since::text from ops.publish_hold where is_held) as hold,
    (select max(command_id) from ops.panel_commands) as command,
    (
        select string_agg(command_id::text || coalesce(stopped_by, '') || coalesce(pid, 0)::text, ',')
        from ops.panel_commands
        where finished_at is null
    ) as under_way,
    (
        select string_agg(
            concat_ws(
                ' ', runs.source, runs.run_id, runs.stream, runs.state, runs.rows_read, runs.progress_done,
                runs.progress_total, runs.waiting_until > clock_timestamp(), runs.note
            ),
            ',' order by runs.source, runs.stream
        )
        from sources
        cross join lateral (
            select run_id from ops.sync_runs
            where sync_runs.source = sources.source
            order by started_at desc
            limit 1
        ) as latest
        inner join ops.sync_run_status as runs on latest.run_id = runs.run_id and sources.source = runs.source
    ) as runs

-- name: latest_runs
-- Of each source its last run, streams added up; while one stream goes on, the run does.
with recursive sources as (
    (select source from ops.sync_runs order by source limit 1)
    union all
    select (select min(sync_runs.source) from ops.sync_runs where sync_runs.source > sources.source)
    from sources
    where sources.source is not null
)

select
    runs.source,
    runs.run_id::text as run_id,
    min(runs.started_by) as started_by,
    min(runs.host) as host,
    min(runs.started_at) as started_at,
    max(coalesce(runs.finished_at, runs.heartbeat_at)) as seen_at,
    (
        array_agg(
            runs.state order by array_position(
                array['running', 'dead', 'failed', 'incomplete', 'succeeded_with_rejects', 'succeeded'], runs.state
            )
        )
    )[1] as state,
    bool_or(coalesce(runs.waiting_until > clock_timestamp(), false)) as is_waiting,
    max(runs.waiting_until) as waiting_until,
    sum(runs.rows_read)::bigint as rows_read,
    sum(runs.rows_rejected)::bigint as rows_rejected,
    (sum(runs.progress_done) filter (where runs.progress_total is not null))::bigint as progress_done,
    sum(runs.progress_total)::bigint as progress_total,
    extract(epoch from clock_timestamp() - min(runs.started_at))::double precision as seconds,
    string_agg(distinct runs.note, '; ') as note,
    max(runs.error) as error,
    min(runs.stream) as stream
from sources
cross join lateral (
    select run_id from ops.sync_runs
    where sync_runs.source = sources.source
    order by started_at desc
    limit 1
) as latest
inner join ops.sync_run_status as runs on latest.run_id = runs.run_id and sources.source = runs.source
group by runs.source, runs.run_id

-- name: complete_up_to
-- Of each source when its last run began that came to its end: until then everything is in.
with recursive sources as (
    (select source from ops.sync_runs order by source limit 1)
    union all
    select (select min(sync_runs.source) from ops.sync_runs where sync_runs.source > sources.source)
    from sources
    where sources.source is not null
)

select
    sources.source,
    complete.started_at as complete_up_to
from sources
cross join lateral (
    select min(runs.started_at) as started_at
    from ops.sync_runs as runs
    where
        runs.source = sources.source
        and runs.run_id = (
            select ended.run_id from ops.sync_runs as ended
            where
                ended.source = sources.source
                and ended.status in ('succeeded', 'succeeded_with_rejects')
                and not exists (
                    select from ops.sync_runs as others
                    where
                        others.run_id = ended.run_id
                        and others.source = ended.source
                        and others.status not in ('succeeded', 'succeeded_with_rejects')
                )
            order by ended.started_at desc
            limit 1
        )
) as complete
where complete.started_at is not null

-- name: rows
-- Rows in staging per source, and those that wait to be unified: what the committed batches brought.
select
    batches.source,
    sum(batches.rows_new)::bigint as rows_staged,
    coalesce(sum(batches.rows_new) filter (where unified.batch_id is null), 0)::bigint as rows_new,
    coalesce(sum(batches.rows_changed) filter (where unified.batch_id is null), 0)::bigint as rows_changed,
    coalesce(sum(batches.rows_deleted) filter (where unified.batch_id is null), 0)::bigint as rows_deleted
from ops.batches
left join ops.unified_batches as unified on batches.batch_id = unified.batch_id
group by batches.source

-- name: hold
-- Why nothing is published, if it is held.
select
    reason,
    since,
    set_by
from ops.publish_hold
where is_held

-- name: last_publish
-- The last publish or roll-back.
select
    publish_id,
    invocation_id::text as run_id,
    kind,
    published_by,
    published_at,
    rolled_back_by
from ops.publishes
order by publish_id desc
limit 1

-- name: can_roll_back
-- Whether there is a publish that stands and changed anything.
select exists (
    select from ops.publishes
    where kind = 'publish' and rolled_back_by is null and rows_inserted + rows_updated + rows_deleted > 0
) as can_roll_back

-- name: publish_figures
-- What a publish did to clients and conflicts.
with moved as (
    select
        old ->> 'client_id' as before,
        new ->> 'client_id' as after
    from ops.publish_log
    where
        publish_id = %(publish_id)s
        and table_name = 'client_records'
        and operation = 'update'
        and old ->> 'client_id' <> new ->> 'client_id'
),

tables as (
    select
        coalesce(sum(rows_inserted) filter (where table_name = 'clients'), 0)::bigint as inserted,
        coalesce(sum(rows_updated) filter (where table_name = 'clients'), 0)::bigint as changed,
        coalesce(sum(rows_deleted) filter (where table_name = 'clients'), 0)::bigint as deleted,
        coalesce(sum(rows_inserted) filter (where table_name = 'merge_conflicts'), 0)::bigint as conflicts
    from ops.published_tables
    where publish_id = %(publish_id)s
),

people as (
    select
        count(*) filter (where operation = 'delete' and key ->> 'client_id' in (select before from moved)) as merged,
        count(*) filter (where operation = 'insert' and key ->> 'client_id' in (select after from moved)) as split
    from ops.publish_log
    where publish_id = %(publish_id)s and table_name = 'clients'
)

select
    tables.inserted - people.split as created,
    people.merged,
    people.split,
    tables.changed,
    tables.deleted - people.merged as gone,
    tables.conflicts
from tables
cross join people

-- name: is_unified
-- Whether the published tables are there.
select to_regclass('unified.clients') is not null and to_regclass('unified.merge_conflicts') is not null as is_unified

-- name: clients
-- How many clients are published.
select count(*) as clients from unified.clients

-- name: command
-- A command that was started here.
select
    command_id,
    name,
    arguments,
    started_by,
    started_at,
    finished_at,
    exit_code,
    stopped_by,
    log_path
from ops.panel_commands
where command_id = %(command_id)s
