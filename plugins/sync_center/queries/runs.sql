-- name: page
-- A page of runs, the newest first: a run is what one process did for one source, its streams added up.
select
    first.run_id::text as run_id,
    first.source,
    first.started_at,
    first.started_by,
    run.state,
    run.seen_at,
    run.seconds,
    run.rows_read,
    run.rows_written,
    run.rows_rejected,
    run.progress_done,
    run.progress_total,
    run.error
from ops.sync_runs as first
cross join lateral (
    select
        (
            array_agg(
                state order by array_position(
                    array['running', 'dead', 'failed', 'incomplete', 'succeeded_with_rejects', 'succeeded'], state
                )
            )
        )[1] as state,
        max(coalesce(finished_at, heartbeat_at)) as seen_at,
        extract(epoch from max(coalesce(finished_at, heartbeat_at)) - first.started_at)::double precision as seconds,
        sum(rows_read)::bigint as rows_read,
        sum(rows_new + rows_changed + rows_deleted)::bigint as rows_written,
        sum(rows_rejected)::bigint as rows_rejected,
        (sum(progress_done) filter (where progress_total is not null))::bigint as progress_done,
        sum(progress_total)::bigint as progress_total,
        max(error) as error
    from ops.sync_run_status as streams
    where streams.run_id = first.run_id and streams.source = first.source
) as run
where
    (first.started_at, first.run_id) < (
        coalesce(%(before)s::timestamptz, 'infinity'),
        coalesce(%(before_id)s::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff')
    )
    and (%(source)s::text is null or first.source = %(source)s)
    and (%(who)s::text is null or first.started_by = %(who)s)
    and (%(begin)s::timestamptz is null or first.started_at >= %(begin)s)
    and (%(end)s::timestamptz is null or first.started_at < %(end)s)
    and (%(state)s::text is null or run.state = %(state)s)
    and (
        coalesce(%(state)s::text, 'succeeded') = 'succeeded'
        or first.run_id in (select others.run_id from ops.sync_runs as others where others.status <> 'succeeded')
    )
    and not exists (
        select from ops.sync_runs as earlier
        where
            earlier.run_id = first.run_id
            and earlier.source = first.source
            and (earlier.started_at, earlier.stream) < (first.started_at, first.stream)
    )
order by first.started_at desc, first.run_id desc
limit %(most)s

-- name: days
-- What the runs of the last days did, by the day in which they began.
with runs as (
    select
        run_id,
        source,
        min(started_at) as started_at,
        max(coalesce(finished_at, heartbeat_at)) as seen_at,
        sum(rows_new + rows_changed + rows_deleted)::bigint as rows_written,
        bool_or(status in ('failed', 'dead', 'incomplete')) as is_bad
    from ops.sync_runs
    where
        started_at >= %(begin)s
        and (%(source)s::text is null or source = %(source)s)
        and (%(who)s::text is null or started_by = %(who)s)
    group by run_id, source
)

select
    (started_at at time zone %(zone)s)::date as day,
    count(*) as runs,
    count(*) filter (where is_bad) as bad,
    coalesce(sum(rows_written), 0)::bigint as rows_written,
    coalesce(sum(extract(epoch from seen_at - started_at)), 0)::double precision as seconds
from runs
group by day
order by day

-- name: people
-- Who or what has started the latest runs.
select distinct started_by
from (select started_by from ops.sync_runs order by started_at desc limit 2000) as latest
where started_by is not null
order by started_by

-- name: sources
-- The sources of the latest runs.
select distinct source
from (select source from ops.sync_runs order by started_at desc limit 2000) as latest
order by source

-- name: streams
-- The streams of a run, in the order in which they began, each with the bookmark that the run before it left.
select
    streams.*,
    streams.run_id::text as run_id,
    extract(epoch from coalesce(streams.finished_at, streams.heartbeat_at) - streams.started_at)::double precision as seconds,
    coalesce(streams.waiting_until > clock_timestamp(), false) as is_waiting,
    (
        select previous.bookmark
        from ops.sync_runs as previous
        where
            previous.source = streams.source
            and previous.stream = streams.stream
            and previous.started_at < streams.started_at
            and previous.run_id <> streams.run_id
            and previous.bookmark is not null
        order by previous.started_at desc
        limit 1
    ) as bookmark_before
from ops.sync_run_status as streams
where streams.run_id = %(run_id)s and streams.source = %(source)s
order by streams.started_at, streams.stream

-- name: batches
-- What a run committed, and how much of it waits to be unified.
select
    count(*) as batches,
    coalesce(sum(batches.rows_new + batches.rows_changed) filter (where unified.batch_id is null), 0)::bigint as pending
from ops.batches
left join ops.unified_batches as unified on batches.batch_id = unified.batch_id
where batches.run_id = %(run_id)s and batches.source = %(source)s

-- name: is_running
-- Whether a run of that source goes on.
select exists (select from ops.sync_run_status where source = %(source)s and state = 'running') as is_running

-- name: command
-- The command of the panel that made a run: it named the run, or started it in its own time for the same person.
select
    command_id,
    name,
    arguments,
    started_by,
    started_at,
    finished_at,
    exit_code,
    machine,
    log_path
from ops.panel_commands
where
    run_id = %(run_id)s
    or (
        run_id is null
        and name = any(%(names)s)
        and started_by = %(started_by)s
        and started_at <= %(started_at)s
        and coalesce(finished_at, 'infinity') >= %(started_at)s
    )
order by run_id is null, command_id desc
limit 1

-- name: publishes_of_run
-- What was published while a run of phase 2 had the lease, which only one has at a time.
select publish_id
from ops.publishes
where published_at >= %(started_at)s and published_at <= coalesce(%(finished_at)s::timestamptz, clock_timestamp())
order by publish_id

-- name: rejects
-- Rows that a run refused, in the order in which they came.
select
    reject_id,
    stream,
    reason,
    substring(raw for 400) as start,
    length(raw) as kept,
    raw_length,
    encode(raw_sha256, 'hex') as sha256,
    origin,
    rejected_at
from ops.rejected_records
where
    run_id = %(run_id)s
    and source = %(source)s
    and reject_id > %(after)s
    and (%(stream)s::text is null or stream = %(stream)s)
order by reject_id
limit %(most)s

-- name: whole_rejects
-- The same with all of their bytes.
select
    reject_id,
    stream,
    reason,
    raw,
    raw_length,
    encode(raw_sha256, 'hex') as sha256,
    origin,
    rejected_at
from ops.rejected_records
where run_id = %(run_id)s and source = %(source)s and reject_id > %(after)s
order by reject_id
limit %(most)s

-- name: reject
-- One of them.
select
    reject_id,
    stream,
    raw
from ops.rejected_records
where run_id = %(run_id)s and source = %(source)s and reject_id = %(reject_id)s

-- name: rejected_files
-- The files in which rows were refused.
select
    origin ->> 'path' as path,
    count(*) as rows
from ops.rejected_records
where run_id = %(run_id)s and source = %(source)s and origin ->> 'path' is not null
group by path
order by rows desc, path
limit 6

-- name: publishes
-- A page of publishes and roll-backs, the newest first.
select
    publishes.publish_id,
    publishes.kind,
    publishes.mode,
    publishes.published_by,
    publishes.published_at,
    publishes.rows_inserted,
    publishes.rows_updated,
    publishes.rows_deleted,
    publishes.batches_unified,
    publishes.rolled_back_by
from ops.publishes
where publishes.publish_id < coalesce(%(after)s::bigint, 9223372036854775807)
order by publishes.publish_id desc
limit %(most)s

-- name: publish
-- One of them, and the run that made it.
select
    publishes.*,
    publishes.invocation_id::text as invocation_id,
    run.run_id::text as run_id,
    undone.publishes as undone
from ops.publishes
left join lateral (
    select run_id from ops.sync_runs
    where
        source = 'unify'
        and started_at <= publishes.published_at
        and coalesce(finished_at, 'infinity') >= publishes.published_at
    order by started_at desc
    limit 1
) as run on true
left join lateral (
    select array_agg(others.publish_id order by others.publish_id) as publishes
    from ops.publishes as others
    where others.rolled_back_by = publishes.publish_id
) as undone on true
where publishes.publish_id = %(publish_id)s

-- name: published_tables
-- What a publish did to each table.
select
    table_name,
    was_empty,
    was_reshaped,
    rows_inserted,
    rows_updated,
    rows_deleted
from ops.published_tables
where publish_id = %(publish_id)s
order by table_name

-- name: last_to_roll_back
-- The publish that a roll-back would undo first.
select max(publish_id) as publish_id
from ops.publishes
where kind = 'publish' and rolled_back_by is null and rows_inserted + rows_updated + rows_deleted > 0

-- name: commands
-- A page of what the panel has started, the newest first, with the run that a command named.
select
    commands.command_id,
    commands.name,
    commands.arguments,
    commands.started_by,
    commands.started_at,
    commands.finished_at,
    commands.exit_code,
    commands.stopped_by,
    commands.machine,
    extract(epoch from coalesce(commands.finished_at, clock_timestamp()) - commands.started_at)::double precision as seconds,
    coalesce(made.runs, '[]'::jsonb) as runs
from ops.panel_commands as commands
left join lateral (
    select jsonb_agg(distinct jsonb_build_object('source', source, 'run_id', run_id)) as runs
    from ops.sync_runs
    where
        case
            when commands.run_id is not null then sync_runs.run_id = commands.run_id
            else
                sync_runs.started_at >= commands.started_at
                and sync_runs.started_at <= coalesce(commands.finished_at, 'infinity')
                and sync_runs.started_by = commands.started_by
                and (sync_runs.source = 'unify') = (commands.name <> 'download-all')
        end
) as made on true
where commands.command_id < coalesce(%(after)s::bigint, 9223372036854775807)
order by commands.command_id desc
limit %(most)s
