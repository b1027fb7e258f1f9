-- name: prepare
-- The number of the next batch, and which ManyChat page is downloaded into the account; the commit waits for the disk.
select
    set_config('synchronous_commit', 'on', true) as waits,
    nextval(pg_get_serial_sequence('ops.batches', 'batch_id')) as batch_id,
    (
        select id from staging_manychat.page_info
        where account = %(account)s and _deleted_at is null
        limit 1
    ) as page_id

-- name: write
-- Stores pushes; a repeated one says anew that it holds, but not within a minute: then it is the same request again.
insert into staging_manychat.subscriber_pushes as kept (
    account, id, created_at, updated_at, record, phones, origin, _first_loaded_at, _loaded_at, _run_id, _batch_id
)
select
    %(account)s,
    sent.id,
    sent.created_at,
    clock_timestamp(),
    sent.record::jsonb,
    sent.phones::jsonb,
    %(origin)s::jsonb,
    now(),
    now(),
    %(run_id)s,
    %(batch_id)s
from unnest(%(ids)s::text [], %(records)s::text [], %(created)s::timestamptz [], %(phones)s::text [])
    as sent (id, record, created_at, phones)
on conflict (account, id) do update set
    created_at = excluded.created_at,
    updated_at = excluded.updated_at,
    record = excluded.record,
    phones = excluded.phones,
    origin = excluded.origin,
    _loaded_at = excluded._loaded_at,
    _run_id = excluded._run_id,
    _batch_id = excluded._batch_id,
    _deleted_at = null
where
    kept.record is distinct from excluded.record
    or kept.phones is distinct from excluded.phones
    or kept._deleted_at is not null
    or kept.updated_at < excluded.updated_at - interval '1 minute'
returning xmax = 0 as is_new

-- name: add_batch
-- What came with a commit, for whoever looks for news.
insert into ops.batches (batch_id, run_id, source, stream, rows_read, rows_new, rows_changed)
overriding system value
values (
    %(batch_id)s, %(run_id)s, 'manychat', 'subscriber_pushes', %(rows_read)s, %(rows_new)s, %(rows_changed)s
)

-- name: refuse
-- Keeps what cannot be a subscriber, with the reason.
insert into ops.rejected_records (run_id, batch_id, source, stream, reason, raw, raw_length, raw_sha256, origin)
values (
    %(run_id)s, %(batch_id)s, 'manychat', 'subscriber_pushes', %(reason)s, %(raw)s, %(length)s, %(digest)s, %(origin)s
)

-- name: received
-- What the inbox has stored, counted to a thousand and one, and when the last came.
select
    (select count(*) from (select from staging_manychat.subscriber_pushes limit 1001) as found) as subscribers,
    (
        select max(committed_at) from ops.batches
        where source = 'manychat' and stream = 'subscriber_pushes' and batch_id > coalesce(max_id, 0) - 10000
    ) as last_at,
    (
        select count(*) from (
            select from ops.rejected_records
            where source = 'manychat' and stream = 'subscriber_pushes'
            limit 1001
        ) as refused
    ) as refused
from (select max(batch_id) as max_id from ops.batches) as newest
