-- name: run
-- The run computed last, what was published last, and whether the one is the other.
select
    int_run.run_id::text as run_id,
    int_run.is_full,
    int_run.why_full,
    int_run.rules_version,
    int_run.started_at,
    last.publish_id as last_publish_id,
    last.published_at as last_published_at,
    last.rules_version as last_rules_version,
    coalesce(last.invocation_id = int_run.run_id, false) as is_published,
    coalesce(last.published_at > int_run.started_at, false) as is_stale,
    hold.since as held_since,
    hold.set_by as held_by,
    hold.reason as held_because
from unified_internal.int_run
cross join ops.publish_hold as hold
left join (select * from ops.publishes order by publish_id desc limit 1) as last on true

-- name: door
-- How the command ended in which that run was computed.
select error
from ops.sync_runs
where source = 'unify' and stream = 'dbt' and started_at <= %(started_at)s and finished_at >= %(started_at)s
order by started_at desc
limit 1

-- name: unfinished
-- Tables that are not of that run, among those which a preview reads.
select name
from unnest(%(names)s::text[]) as name
where obj_description(to_regclass('unified_internal.next_' || name), 'pg_class')
    is distinct from 'computed by run ' || %(run_id)s

-- name: columns
-- The columns that a published table and its next version both have.
select attname as name
from pg_attribute as columns
where attrelid = to_regclass('unified.' || %(table)s) and attnum > 0 and not attisdropped and exists (
    select from pg_attribute as next_columns
    where next_columns.attrelid = to_regclass('unified_internal.next_' || %(table)s)
        and next_columns.attname = columns.attname and not next_columns.attisdropped
)

-- name: figures
-- How many clients appear, go, and change; the same of conflicts, shared values and payments.
with clients as (
    select
        *,
        exists (select from preview_moved as moved where moved.after_id = client_id and moved.before_id is not null)
        as takes_over,
        exists (select from preview_moved as moved where moved.before_id = client_id and moved.after_id is not null)
        as hands_over
    from preview_clients
),

torn as (
    select moved.before_id
    from preview_moved as moved
    inner join clients on moved.before_id = clients.client_id
    where moved.after_id is not null
    group by moved.before_id
    having bool_or(clients.is_after) or count(distinct moved.after_id) > 1
)

select
    (select count(*) from unified.clients) as clients_before,
    (select count(*) from unified.clients)
    + count(*) filter (where is_after and not is_before)
    - count(*) filter (where is_before and not is_after) as clients_after,
    count(*) filter (where is_after and not is_before and not takes_over) as created,
    count(*) filter (where is_after and not is_before and takes_over) as split_off,
    count(*) filter (where is_before and not is_after and hands_over) as merged,
    count(*) filter (where is_before and not is_after and not hands_over) as gone,
    count(*) filter (where is_before and is_after) as changed,
    (select count(*) from torn) as split,
    (select count(*) from preview_conflicts where opens) as conflicts_opened,
    (select count(*) from preview_conflicts where closes) as conflicts_closed,
    (select count(*) from preview_shared where begins) as shared_begun,
    (select count(*) from preview_shared where not begins) as shared_ceased,
    (select count(*) from unified.transactions where client_id is not null) as payments,
    (
        select count(*)
        from unified.transactions as before
        inner join unified_internal.next_transactions as after on before.transaction_key = after.transaction_key
        where before.client_id is not null and before.client_id is distinct from after.client_id
    ) as payments_moved
from clients

-- name: reassigned
-- Ids that would mean somebody else, one by one: who it was, who it would be, where the others would be.
select
    ids.client_id::text as client_id,
    ids.means_client_id::text as means_client_id,
    ids.left_client_id::text as left_client_id,
    before.business,
    before.name as was_name,
    means.name as means_name,
    ids.records_kept,
    ids.records_left,
    ids.newcomer_count
from unified_internal.int_preview__reassigned_ids as ids
left join unified.clients as before on ids.client_id = before.client_id
left join unified_internal.next_clients as means on ids.means_client_id = means.client_id
order by ids.records_left desc, ids.client_id

-- name: conflicts
-- Some of the conflicts that would open or be closed.
select business, kind, value, case when opens then 'opened' else 'closed' end as what, clients
from preview_conflicts
where opens or closes
order by opens desc, clients desc, business, kind, value
limit %(most)s

-- name: shared
-- Some of the values that would begin or cease to be shared.
select business, kind, value, case when begins then 'began' else 'ceased' end as what, reason, name_count
from preview_shared
order by begins desc, name_count desc nulls last, business, kind, value
limit %(most)s

-- name: largest
-- The clients with most records, before and after.
with standing as (
    select client_id, name, record_count from unified.clients order by record_count desc, client_id limit %(most)s
),

untouched as (
    select client_id, name, record_count
    from unified.clients as clients
    where client_id not in (select preview_clients.client_id from preview_clients)
    order by record_count desc, client_id
    limit %(most)s
),

coming as (
    select client_id, name_after as name, records_after as record_count
    from preview_clients
    where is_after
    order by records_after desc, client_id
    limit %(most)s
),

after as (
    select * from untouched
    union all
    select * from coming
    order by record_count desc, client_id
    limit %(most)s
),

named as (
    select client_id from standing union select client_id from after
),

both_sides as (
    select
        named.client_id,
        before.name as name_before,
        before.record_count as records_before,
        changed.client_id is not null as is_changed,
        changed.name_after,
        changed.records_after
    from named
    left join unified.clients as before on named.client_id = before.client_id
    left join preview_clients as changed on named.client_id = changed.client_id
)

select
    client_id::text as client_id,
    case when is_changed then coalesce(name_after, name_before) else name_before end as name,
    coalesce(records_before, 0) as records_before,
    coalesce(case when is_changed then records_after else records_before end, 0) as records_after
from both_sides
order by greatest(
    coalesce(records_before, 0), coalesce(case when is_changed then records_after else records_before end, 0)
) desc, client_id
limit %(most)s

-- name: samples
-- Merges and splits, the largest first: who, into whom, and by what value that was or is no more.
with merges as (
    select distinct on (clients.client_id)
        'merge' as what,
        clients.client_id,
        clients.name_before as name,
        clients.records_before as record_count,
        moved.after_id as other_id,
        moved.after_kind as kind,
        moved.after_value as value,
        moved.after_rule as rule,
        false as is_shared_now
    from preview_clients as clients
    inner join preview_moved as moved on clients.client_id = moved.before_id
    where clients.is_before and not clients.is_after and moved.after_id is not null
    order by clients.client_id, moved.after_kind is null, moved.was_founding desc, moved.record_key
),

splits as (
    select distinct on (moved.before_id)
        'split' as what,
        moved.before_id as client_id,
        clients.name_before as name,
        clients.records_before as record_count,
        moved.after_id as other_id,
        moved.before_kind as kind,
        moved.before_value as value,
        moved.before_rule as rule,
        shared.value is not null as is_shared_now
    from preview_moved as moved
    inner join preview_clients as clients on moved.before_id = clients.client_id
    left join unified_internal.next_shared_identifiers as shared
        on clients.business = shared.business and moved.before_kind = shared.kind and moved.before_value = shared.value
    where clients.is_after and moved.after_id is not null
    order by moved.before_id, moved.before_kind is null, moved.record_key
),

ranked as (
    select *, row_number() over (partition by what order by record_count desc, client_id) as place
    from (select * from merges union all select * from splits) as both_kinds
),

others as (
    select client_id, name_after as name from preview_clients where is_after
)

select
    ranked.what,
    ranked.client_id::text as client_id,
    ranked.name,
    ranked.record_count,
    ranked.other_id::text as other_id,
    coalesce(others.name, standing.name) as other_name,
    ranked.kind,
    ranked.value,
    ranked.rule,
    ranked.is_shared_now
from ranked
left join others on ranked.other_id = others.client_id
left join unified.clients as standing on ranked.other_id = standing.client_id
order by ranked.place, ranked.what
limit %(most)s
