-- name: search_state
-- Whether anything is published, up to which publish the search is made, and whether it has any rows.
select
    to_regclass('unified.client_records') is not null
    and to_regclass('unified_internal.int_decisions') is not null as is_unified,
    (select max(publish_id) from ops.publishes) as published,
    (select publish_id from ops.client_search_state) as made,
    exists (select from ops.client_search) as has_rows

-- name: newly_filled
-- Whether the clients were filled at once since a publish: rows that were filled are not in the log one by one.
select exists (
    select from ops.published_tables
    inner join ops.publishes on published_tables.publish_id = publishes.publish_id
    where
        published_tables.table_name = 'clients'
        and published_tables.was_empty
        and (publishes.publish_id > %(made)s or publishes.rolled_back_by > %(made)s)
) as newly_filled

-- name: collect_touched
-- The clients that changed since a publish, roll-backs included, into a table of this transaction.
create temporary table touched on commit drop as
select distinct (publish_log.key ->> 'client_id')::uuid as client_id
from ops.publishes
inner join ops.publish_log on publishes.publish_id = publish_log.publish_id
where
    publish_log.table_name = 'clients'
    and (publishes.publish_id > %(made)s or publishes.rolled_back_by > %(made)s)

-- name: touched_share
-- How large the part of the clients is that changed, as a number between 0 and 1.
select
    (select count(*) from touched)::double precision
    / greatest(1, (select reltuples from pg_class where oid = 'ops.client_search'::regclass)) as share

-- name: forget_touched
-- Take the clients that changed out of the search.
delete from ops.client_search
using touched
where client_search.client_id = touched.client_id

-- name: words
-- What each client is known by, in small letters without marks, signs turned into spaces (table and clients are put in).
insert into {table} (client_id, name, words)
with records as (
    select
        client_records.client_id,
        records.full_name
    from unified.client_records
    inner join unified_internal.int_identity__records as records
        on client_records.alias_client_id = records.alias_client_id
    where records.full_name is not null {of_records}
),

normal as materialized (
    select
        full_name,
        unified_internal.normalize_name(full_name) as name
    from (select distinct full_name from records) as names
),

names as (
    select
        records.client_id,
        string_agg(distinct normal.name, '  ') as names
    from records
    inner join normal on records.full_name = normal.full_name
    group by records.client_id
)

select
    clients.client_id,
    coalesce(
        unified_internal.normalize_name(clients.name),
        unified_internal.normalize_name(clients.email),
        unified_internal.normalize_name(clients.phone),
        ''
    ) as name,
    concat_ws(
        '  ',
        '',
        names.names,
        translate(lower(array_to_string(clients.emails, '  ')), '.@_+-''!#$%&*/=?^`{{|}}~', repeat(' ', 22)),
        replace(array_to_string(clients.phones, '  '), '+', ''),
        translate(
            lower(jsonb_path_query_array(clients.ids, '$.*[*]')::text), '[]",/_-.:+@#|=', repeat(' ', 14)
        ),
        ''
    ) as words
from unified.clients
left join names on clients.client_id = names.client_id
where true {of_clients}

-- name: note_made
-- Up to which publish the search is made.
update ops.client_search_state set publish_id = %(published)s, made_at = clock_timestamp()

-- name: search_lock
-- Whether nobody else makes the search now.
select pg_try_advisory_xact_lock(725409017) as is_free

-- name: trigrams
-- The schema in which pg_trgm was installed, if it was.
select quote_ident(pg_namespace.nspname) as schema_name
from pg_extension
inner join pg_namespace on pg_extension.extnamespace = pg_namespace.oid
where pg_extension.extname = 'pg_trgm'

-- name: begin_again
-- An empty table beside the one that is searched; it takes its place when it is ready.
drop table if exists ops.client_search_next;
create unlogged table ops.client_search_next (like ops.client_search including comments)

-- name: index_next
-- Its indexes: one by one is faster than row by row.
alter table ops.client_search_next add primary key (client_id);
create index on ops.client_search_next (name, client_id);
alter table ops.client_search_next alter column words set statistics 1000;
analyze ops.client_search_next

-- name: take_place
-- The new one is searched from now on.
drop table ops.client_search;
alter table ops.client_search_next rename to client_search;
revoke all on ops.client_search from public

-- name: can_look_inside
-- Whether a part of a word is found fast: by trigrams, or because there are few clients.
select
    exists (
        select from pg_index
        inner join pg_class on pg_index.indexrelid = pg_class.oid
        inner join pg_am on pg_class.relam = pg_am.oid
        where pg_index.indrelid = 'ops.client_search'::regclass and pg_am.amname = 'gin'
    )
    or (select reltuples from pg_class where oid = 'ops.client_search'::regclass) < 50000 as can_look_inside

-- name: normal_words
-- What was typed in the form in which it is looked for.
select unified_internal.normalize_name(typed.word) as word
from unnest(%(words)s::text[]) with ordinality as typed (word, place)
where unified_internal.normalize_name(typed.word) is not null
order by typed.place

-- name: search
-- Clients that hold all words, those first that are called so, then those of which a word begins so; at most a thousand
-- and one of each are looked at. `exact` are clients that are meant by a whole value.
with starting as materialized (
    select
        client_id,
        name,
        words
    from ops.client_search
    where {starts}
    limit %(most)s
),

within as materialized (
    select
        client_id,
        name,
        words
    from ops.client_search
    where
        {parts}
        and %(look_inside)s
        and (select count(*) from starting) < %(most)s
    limit %(most)s
),

hits as (
    select
        client_id,
        min(place) as place,
        min(name) as name,
        min(words) as words
    from (
        select client_id, '' as name, '' as words, 0 as place from unnest(%(exact)s::uuid[]) as meant (client_id)
        union all
        select
            client_id,
            name,
            words,
            case when name = %(whole)s then 1 when name like %(beginning)s then 2 else 3 end as place
        from starting
        union all
        select client_id, name, words, 4 as place from within
    ) as found
    group by client_id
),

counted as (
    select least(count(*), %(most)s) as hit_count from hits
),

last_shown as (
    select place, name, client_id from hits where client_id = %(after)s
),

shown as (
    select hits.*
    from hits
    where
        %(after)s::uuid is null
        or not exists (select from last_shown)
        or (hits.place, hits.name, hits.client_id) > (select place, name, client_id from last_shown)
    order by hits.place, hits.name, hits.client_id
    limit %(page)s
)

select
    shown.words,
    clients.*,
    counted.hit_count
from shown
inner join unified.clients on shown.client_id = clients.client_id
cross join counted
order by shown.place, shown.name, shown.client_id

-- name: search_beginnings
-- The same where a part of a word cannot be found fast: clients whose name begins so, and those meant by a whole value.
with hits as (
    select client_id, 0 as place, '' as name from unnest(%(exact)s::uuid[]) as meant (client_id)
    union all
    (
        select client_id, 1 as place, name
        from ops.client_search
        where name like %(beginning)s and client_id <> all(%(exact)s::uuid[])
        limit %(most)s
    )
),

last_shown as (
    select place, name, client_id from hits where client_id = %(after)s
),

shown as (
    select hits.*
    from hits
    where
        %(after)s::uuid is null
        or not exists (select from last_shown)
        or (hits.place, hits.name, hits.client_id) > (select place, name, client_id from last_shown)
    order by hits.place, hits.name, hits.client_id
    limit %(page)s
)

select
    '' as words,
    clients.*,
    (select least(count(*), %(most)s) from hits) as hit_count
from shown
inner join unified.clients on shown.client_id = clients.client_id
order by shown.place, shown.name, shown.client_id

-- name: browse
-- All clients in the order of their names; who has none stands under the e-mail or the phone.
with last_shown as (
    select name, client_id from ops.client_search where client_id = %(after)s
),

shown as (
    select client_id, name
    from ops.client_search
    where
        (name, client_id) > (select name, client_id from last_shown)
        or not exists (select from last_shown)
    order by name, client_id
    limit %(page)s
)

select
    '' as words,
    clients.*,
    (select count(*) from (select from ops.client_search limit %(most)s) as counted) as hit_count
from shown
inner join unified.clients on shown.client_id = clients.client_id
order by shown.name, shown.client_id

-- name: client
-- The client as it is published.
select * from unified.clients where client_id = %(client_id)s

-- name: client_today
-- The client that an id means today.
select client_id from unified.client_records where alias_client_id = %(client_id)s

-- name: holds_record
-- Whether a record belongs to a client.
select exists (
    select from unified.client_records where record_key = %(record_key)s and client_id = %(client_id)s
) as holds

-- name: payments
-- The last movements of money of a client.
select
    transaction_key,
    provider,
    kind,
    status,
    is_revenue,
    amount,
    currency,
    occurred_at,
    deleted_at
from unified.transactions
where client_id = %(client_id)s
order by occurred_at desc nulls last, transaction_key
limit %(most)s

-- name: subscriptions
-- The subscriptions of a client, those that go on first.
select
    subscription_key,
    provider,
    status,
    monthly_amount,
    currency,
    started_at,
    current_period_end,
    ends_at,
    deleted_at
from unified.subscriptions
where client_id = %(client_id)s
order by ends_at is not null, started_at desc nulls last, subscription_key
limit %(most)s

-- name: history
-- What publishes did to these clients, the newest first; each publish is looked up by its key, so only the last ones are.
select
    publishes.publish_id,
    publishes.published_at,
    publishes.published_by,
    publishes.rolled_back_by,
    log.key ->> 'client_id' as client_id,
    log.operation,
    log.old,
    log.new
from (
    select * from ops.publishes order by publish_id desc limit %(publishes)s
) as publishes
cross join unnest(%(client_ids)s::text[]) as wanted (client_id)
inner join ops.publish_log as log
    on
        publishes.publish_id = log.publish_id
        and log.table_name = 'clients'
        and log.key = jsonb_build_object('client_id', wanted.client_id)
order by publishes.publish_id desc
limit %(most)s

-- name: first_publish
-- The publish that filled the clients, which is not in the log row by row.
select
    publishes.publish_id,
    publishes.published_at
from ops.published_tables
inner join ops.publishes on published_tables.publish_id = publishes.publish_id
where published_tables.table_name = 'clients' and published_tables.was_empty and publishes.rolled_back_by is null
order by publishes.publish_id desc
limit 1

-- name: raw_record
-- A raw row as it came (its table is put in).
select
    jsonb_pretty(raw.record::jsonb) as record,
    jsonb_pretty(raw.origin::jsonb) as origin
from {table} as raw
where raw.account = %(account)s and raw.id = %(id)s

-- name: former_ids
-- Ids that other records of a client would found.
select alias_client_id::text as alias_client_id
from unified.client_records
where client_id = %(client_id)s and not is_founding
order by first_loaded_at
limit %(most)s

-- name: founding_of
-- The record that gives a client its id.
select record_key from unified.client_records where alias_client_id = %(client_id)s and is_founding

-- name: other_pin
-- A standing pin of that field on another record of the same client.
select pins.decision_id
from ops.merge_decisions as pins
inner join unified.client_records as pinned on pins.record_key = pinned.record_key
inner join unified.client_records as asked on pinned.client_id = asked.client_id
where
    pins.decision = 'pinned'
    and pins.field = %(field)s
    and pins.withdrawn_at is null
    and asked.record_key = %(record_key)s
    and pinned.record_key <> asked.record_key
