-- name: bookmarks
-- How far each file is read, as the last run that read anything left it.
select
    file.key as path,
    (file.value ->> 'done')::boolean as is_done,
    coalesce((file.value ->> 'rows')::bigint, 0) as rows,
    coalesce((file.value ->> 'rejected')::bigint, 0) as rejected,
    coalesce((file.value ->> 'repeated')::bigint, 0) as repeated,
    file.value ->> 'settings' as settings,
    file.value ->> 'refused' as refused,
    coalesce(nullif(file.value -> 'tail' ->> 'digest', ''), file.value ->> 'digest') as digest
from (
    select bookmark from ops.sync_runs
    where source = 'csv' and stream = 'imports' and bookmark is not null
    order by started_at desc
    limit 1
) as latest
cross join lateral jsonb_each(latest.bookmark -> 'files') as file
order by file.key

-- name: running
-- The run of this source that goes on, with how far it is.
select
    run_id::text as run_id,
    progress_done,
    progress_total,
    rows_read
from ops.sync_run_status
where source = 'csv' and stream = 'imports' and state = 'running'
order by started_at desc
limit 1

-- name: latest_run
-- The last run of this source.
select
    run_id::text as run_id,
    status,
    error
from ops.sync_runs
where source = 'csv'
order by started_at desc, stream desc
limit 1

-- name: said
-- What a person said the columns of a kind mean.
select
    header,
    field
from ops.csv_mappings
where kind = %(kind)s

-- name: imported_headers
-- The columns of a kind that was imported before.
select distinct header
from staging_csv.files
cross join lateral jsonb_array_elements_text(files.record -> 'headers') as header
where files.record ->> 'kind' = %(kind)s
