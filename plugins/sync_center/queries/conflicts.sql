-- name: is_unified
-- Whether there is anything that conflicts could be about.
select
    to_regclass('unified.merge_conflicts') is not null
    and to_regclass('unified_internal.int_decisions') is not null as is_unified

-- name: marks
-- Up to where the queue is derived, and up to where it could be.
select
    queue.publish_id is distinct from latest.publish_id as is_published,
    queue.decision_id <> latest.decision_id or queue.withdrawn_at <> latest.withdrawn_at as is_decided,
    latest.publish_id,
    latest.decision_id,
    latest.withdrawn_at,
    queue.decision_id as old_decision_id,
    queue.withdrawn_at as old_withdrawn_at
from ops.conflict_queue as queue
cross join lateral (
    select
        (select max(publish_id) from ops.publishes) as publish_id,
        coalesce(max(decision_id), 0) as decision_id,
        coalesce(max(withdrawn_at), 'epoch') as withdrawn_at
    from ops.merge_decisions
) as latest

-- name: derive_alone
-- Let one at a time derive the queue.
select pg_advisory_xact_lock(hashtext('ops.conflict_cases'))

-- name: remove_gone
-- Take out the cases that are no more.
delete from ops.conflict_cases
where case_id not in (select case_id from unified.merge_conflicts)

-- name: changed_cases
-- Cases that are new or whose conflicts have changed, with what the queue keeps of them and what a proposal is made of.
with versions as (
    select
        case_id,
        md5(string_agg(md5(merge_conflicts::text), '' order by conflict_id)) as version
    from unified.merge_conflicts
    group by case_id
),

changed as (
    select versions.*
    from versions
    left join ops.conflict_cases as old on versions.case_id = old.case_id
    where old.version is distinct from versions.version
),

cases as (
    select
        changed.case_id,
        changed.version,
        min(conflicts.business) as business,
        case
            when bool_or(conflicts.status = 'open') then 'open'
            when bool_or(conflicts.status = 'later') then 'later'
            else 'solved'
        end as status,
        (
            array_agg(
                conflicts.reason order by
                    array_position(array['ambiguous', 'exclusive_mismatch', 'kept_apart'], conflicts.reason)
            )
        )[1] as reason,
        array_agg(distinct conflicts.kind) as kinds,
        array_agg(conflicts.conflict_id order by conflicts.conflict_id) as conflict_ids,
        sum(conflicts.record_count)::bigint as record_count,
        min(conflicts.later_until) as later_until,
        count(*) = 1 as is_single,
        (array_agg(conflicts.money_at_stake))[1] as money,
        string_agg(conflicts.value, ' ') as contested_values
    from changed
    inner join unified.merge_conflicts as conflicts on changed.case_id = conflicts.case_id
    group by changed.case_id, changed.version
),

people as (
    select
        conflicts.case_id,
        array_agg(distinct competitor.client_id) as client_ids,
        jsonb_object_agg(competitor.client_id, unified_internal.normalize_name(competitor.name)) as names,
        lower(
            string_agg(
                concat_ws(
                    ' ', unified_internal.normalize_name(competitor.name), competitor.name,
                    array_to_string(competitor.emails, ' '), array_to_string(competitor.phones, ' ')
                ),
                ' '
            )
        ) as search
    from changed
    inner join unified.merge_conflicts as conflicts on changed.case_id = conflicts.case_id
    cross join lateral jsonb_to_recordset(conflicts.competitors) as competitor (
        client_id uuid, name text, emails text[], phones text[]
    )
    group by conflicts.case_id
)

select
    cases.case_id::text as case_id,
    cases.version,
    cases.business,
    cases.status,
    cases.reason,
    cases.kinds,
    cases.conflict_ids::text[] as conflict_ids,
    people.client_ids::text[] as client_ids,
    cases.record_count,
    cases.later_until,
    case
        when cases.is_single then cases.money
        else coalesce(spent.money, '{}')
    end::text as money,
    people.names,
    cases.contested_values || ' ' || people.search as search
from cases
inner join people on cases.case_id = people.case_id
left join lateral (
    select jsonb_object_agg(currency, amount) as money
    from (
        select
            each.key as currency,
            sum(each.value::numeric) as amount
        from unified.clients
        cross join lateral jsonb_each_text(clients.lifetime_value) as each
        where not cases.is_single and clients.client_id = any(people.client_ids)
        group by each.key
    ) as amounts
) as spent on true

-- name: write_cases
-- Keep cases as they were derived.
insert into ops.conflict_cases (
    case_id, version, business, status, reason, kinds, conflict_ids, client_ids, record_count, later_until, money,
    proposal, rule, search
)
select
    case_id, version, business, status, reason, kinds, conflict_ids, client_ids, record_count, later_until, money::jsonb,
    proposal, rule, search
from jsonb_to_recordset(%(cases)s) as cases (
    case_id uuid, version text, business text, status text, reason text, kinds text[], conflict_ids uuid[],
    client_ids uuid[], record_count bigint, later_until timestamptz, money text, proposal text, rule text, search text
)
on conflict (case_id) do update set
    version = excluded.version, business = excluded.business, status = excluded.status, reason = excluded.reason,
    kinds = excluded.kinds, conflict_ids = excluded.conflict_ids, client_ids = excluded.client_ids,
    record_count = excluded.record_count, later_until = excluded.later_until, money = excluded.money,
    proposal = excluded.proposal, rule = excluded.rule, search = excluded.search

-- name: unmark_all
-- After a publish nothing is known to wait.
update ops.conflict_cases set waiting_ids = '{}', undone_ids = '{}'
where waiting_ids <> '{}' or undone_ids <> '{}'

-- name: unmark
-- Take out the decisions that have changed.
update ops.conflict_cases
set
    waiting_ids = array(select unnest(waiting_ids) except select unnest(%(decision_ids)s::bigint[])),
    undone_ids = array(select unnest(undone_ids) except select unnest(%(decision_ids)s::bigint[]))
where waiting_ids && %(decision_ids)s::bigint[] or undone_ids && %(decision_ids)s::bigint[]

-- name: changed_decisions
-- Decisions that the queue does not know yet as they are; after a publish, all that the next unify applies or takes back.
select merge_decisions.decision_id
from ops.merge_decisions
where
    %(is_published)s
    or merge_decisions.decision_id > %(old_decision_id)s
    or merge_decisions.withdrawn_at > %(old_withdrawn_at)s

-- name: mark
-- Note at each case the decisions about it that the next unify applies, or takes back.
with pending as (
    select
        decisions.decision_id,
        decisions.decision,
        decisions.business,
        decisions.kind,
        decisions.value,
        decisions.withdrawn_at is not null as is_undone,
        one.client_id,
        other.client_id as other_client_id
    from ops.merge_decisions as decisions
    left join unified_internal.int_decisions as applied on decisions.decision_id = applied.decision_id
    left join unified.client_records as one on decisions.record_key = one.record_key
    left join unified.client_records as other on decisions.other_record_key = other.record_key
    where
        decisions.decision_id = any(%(decision_ids)s::bigint[])
        and (applied.decision_id is null) = (decisions.withdrawn_at is null)
        and (decisions.until is null or decisions.until > clock_timestamp())
),

businesses as (
    select distinct business from unified_internal.int_rules__accounts
    union
    select 'main'
),

about as (
    select
        pending.decision_id,
        pending.is_undone,
        cases.case_id
    from pending
    inner join ops.conflict_cases as cases
        on cases.client_ids @> array[pending.client_id, pending.other_client_id]
    where
        pending.decision in ('same_person', 'different_people')
        and pending.client_id <> pending.other_client_id
    union
    select
        pending.decision_id,
        pending.is_undone,
        cases.case_id
    from pending
    inner join businesses on pending.business is null or pending.business = businesses.business
    inner join ops.conflict_cases as cases
        on
            cases.conflict_ids @> array[
                unified_internal.derive_uuid(jsonb_build_array(businesses.business, pending.kind, pending.value)::text)
            ]
    where pending.decision in ('shared', 'blocked', 'not_theirs', 'later')
),

found as (
    select
        case_id,
        coalesce(array_agg(decision_id) filter (where not is_undone), '{}') as waiting_ids,
        coalesce(array_agg(decision_id) filter (where is_undone), '{}') as undone_ids
    from about
    group by case_id
)

update ops.conflict_cases as cases
set waiting_ids = cases.waiting_ids || found.waiting_ids, undone_ids = cases.undone_ids || found.undone_ids
from found
where cases.case_id = found.case_id

-- name: note_marks
-- Up to where the queue is derived now.
update ops.conflict_queue
set publish_id = %(publish_id)s, decision_id = %(decision_id)s, withdrawn_at = %(withdrawn_at)s

-- name: open_cases
-- Cases that need a person, counted to a thousand and one.
select count(*) as cases
from (select from ops.conflict_cases where state = 'open' limit 1001) as found

-- name: totals
-- How many cases there are of each state, reason and proposal.
select
    state,
    reason,
    proposal,
    rule,
    count(*) as cases
from ops.conflict_cases
group by state, reason, proposal, rule

-- name: money_by_reason
-- What is at stake in the cases that need a person; a client that competes in two cases counts in both.
select
    reason,
    each.key as currency,
    sum(each.value::numeric) as amount,
    count(*) as cases
from ops.conflict_cases
cross join lateral jsonb_each_text(money) as each
where state = 'open'
group by reason, each.key
order by reason, cases desc, currency

-- name: businesses
-- The businesses that have cases.
select distinct business from ops.conflict_cases order by business

-- name: page
-- Cases of the queue, those with most money of the chosen currency first; after the case that a page ended with.
with chosen as (
    select
        conflict_cases.*,
        coalesce((money ->> %(currency)s)::numeric, 0) as amount
    from ops.conflict_cases
    where
        state = %(state)s
        and (%(reason)s::text is null or reason = %(reason)s)
        and (%(kind)s::text is null or kinds @> array[%(kind)s])
        and (%(business)s::text is null or business = %(business)s)
        and (%(rule)s::text is null or rule = %(rule)s)
        and (%(q)s::text is null or search like %(q)s)
),

found as (
    select *
    from chosen
    where
        %(after)s::uuid is null
        or (amount, case_id) < (%(after_amount)s::numeric, %(after)s::uuid)
    order by chosen.amount desc, chosen.case_id desc
    limit %(most)s
)

select
    found.case_id::text as case_id,
    found.reason,
    found.status,
    found.state,
    found.business,
    found.kinds,
    found.record_count,
    found.later_until,
    found.money,
    found.proposal,
    found.rule,
    found.amount,
    found.undone_ids,
    cardinality(found.client_ids) as client_count,
    told.contested,
    told.names
from found
cross join lateral (
    select
        jsonb_agg(distinct jsonb_build_array(conflicts.kind, conflicts.value)) as contested,
        array_agg(distinct coalesce(competitor.name, '')) as names
    from unified.merge_conflicts as conflicts
    cross join lateral jsonb_to_recordset(conflicts.competitors) as competitor (name text)
    where conflicts.conflict_id = any(found.conflict_ids)
) as told
order by found.amount desc, found.case_id desc

-- name: place
-- Where a case stands in the order of the queue.
select coalesce((money ->> %(currency)s)::numeric, 0) as amount
from ops.conflict_cases
where case_id = %(case_id)s

-- name: neighbours
-- The cases before and after one in the queue, found in one pass.
with chosen as materialized (
    select
        case_id,
        coalesce((money ->> %(currency)s)::numeric, 0) as amount
    from ops.conflict_cases
    where
        state = %(state)s
        and (%(reason)s::text is null or reason = %(reason)s)
        and (%(kind)s::text is null or kinds @> array[%(kind)s])
        and (%(business)s::text is null or business = %(business)s)
        and (%(rule)s::text is null or rule = %(rule)s)
        and (%(q)s::text is null or search like %(q)s)
)

select
    (
        select chosen.case_id::text
        from chosen
        where (chosen.amount, chosen.case_id) > (%(after_amount)s::numeric, %(after)s::uuid)
        order by chosen.amount, chosen.case_id
        limit 1
    ) as previous,
    (
        select chosen.case_id::text
        from chosen
        where (chosen.amount, chosen.case_id) < (%(after_amount)s::numeric, %(after)s::uuid)
        order by chosen.amount desc, chosen.case_id desc
        limit 1
    ) as following

-- name: case
-- One case of the queue.
select
    case_id::text as case_id,
    business,
    status,
    state,
    reason,
    kinds,
    conflict_ids::text[] as conflict_ids,
    client_ids::text[] as client_ids,
    record_count,
    later_until,
    money,
    proposal,
    rule,
    version,
    waiting_ids,
    undone_ids
from ops.conflict_cases
where case_id = %(case_id)s

-- name: conflicts
-- The contested values of a case, how many hold each in all, and how many records hang by it at the clients that compete.
select
    conflicts.conflict_id::text as conflict_id,
    conflicts.kind,
    conflicts.value,
    conflicts.status,
    conflicts.reason,
    conflicts.client_count,
    conflicts.record_count,
    conflicts.competitors,
    conflict_log.first_seen_at,
    (
        select count(*)
        from unified.client_records as records
        where
            records.client_id = any(conflicts.client_ids)
            and (records.why_kind, records.why_value) = (conflicts.kind, conflicts.value)
            and not records.is_founding
    ) as hanging_count
from unified.merge_conflicts as conflicts
left join ops.conflict_log on conflicts.conflict_id = conflict_log.conflict_id
where conflicts.case_id = %(case_id)s
order by conflicts.kind, conflicts.value

-- name: clients
-- The clients of a case, the one with the oldest id first.
select
    clients.client_id::text as client_id,
    clients.name,
    clients.emails,
    clients.phones,
    clients.country,
    array(
        select told.key || ' ' || each
        from jsonb_each(clients.ids) as told
        cross join lateral jsonb_array_elements_text(told.value) as each
        order by 1
    ) as ids,
    clients.sources,
    clients.record_count,
    clients.first_seen,
    clients.last_seen,
    clients.is_deleted,
    clients.lifetime_value,
    clients.payment_count,
    clients.last_paid_at,
    clients.subscription_status
from unified.clients
left join unified.client_records as founding
    on clients.client_id = founding.alias_client_id and founding.is_founding
where clients.client_id = any(%(client_ids)s::uuid[])
order by founding.first_loaded_at, founding.record_key collate "C"
limit %(most)s

-- name: records
-- Of each client some records, in the order in which they have their say; those that hold a contested value first.
select
    clients.client_id,
    records.*
from unnest(%(client_ids)s::text[]) as clients (client_id)
cross join lateral (
    select
        records.record_key,
        records.source,
        records.kind,
        records.full_name as name,
        records.emails,
        records.phones,
        (
            select array_agg(distinct identifiers.kind || ' ' || identifiers.value)
            from unified_internal.int_identity__identifiers as identifiers
            where
                identifiers.record_number = records.record_number
                and identifiers.kind not in ('email', 'phone_e164')
        ) as ids,
        records.country,
        coalesce(records.updated_at, records.created_at) as told_at,
        client_records.first_loaded_at,
        client_records.deleted_at,
        client_records.is_founding,
        client_records.why_rule,
        client_records.why_kind,
        client_records.why_value,
        records.record_key = any(%(holding)s) as is_holding
    from unified.client_records
    inner join unified_internal.int_identity__records as records on client_records.record_key = records.record_key
    where client_records.client_id = clients.client_id::uuid
    order by
        records.record_key = any(%(holding)s) desc,
        client_records.deleted_at is not null asc,
        records.source_priority asc nulls last,
        records.updated_at desc nulls last,
        records.created_at desc nulls last,
        records.record_key collate "C" asc
    limit %(most)s
) as records

-- name: decisions_of_case
-- The decisions about a case that count now or with the next unify, and those that were withdrawn last.
select
    decisions.decision_id,
    decisions.decision,
    decisions.reason,
    decisions.decided_by,
    decisions.decided_at,
    decisions.withdrawn_by,
    decisions.withdrawn_at,
    decisions.until
from ops.merge_decisions as decisions
where decisions.decision_id = any(%(decision_ids)s)
order by decisions.decision_id

-- name: standing_ids
-- The decisions that hold a solved or put-off case as it is.
select distinct decisions.decision_id
from ops.merge_decisions as decisions
inner join unified_internal.int_decisions as applied on decisions.decision_id = applied.decision_id
left join unified.client_records as one on decisions.record_key = one.record_key
left join unified.client_records as other on decisions.other_record_key = other.record_key
where
    decisions.withdrawn_at is null
    and (
        (
            decisions.decision = 'different_people'
            and one.client_id = any(%(client_ids)s::uuid[])
            and other.client_id = any(%(client_ids)s::uuid[])
        )
        or (
            decisions.decision = 'later'
            and unified_internal.derive_uuid(
                jsonb_build_array(decisions.business, decisions.kind, decisions.value)::text
            ) = any(%(conflict_ids)s::uuid[])
        )
    )

-- name: note_act
-- Write down what somebody decided in one go.
insert into ops.conflict_acts (answer, policy, case_ids, decision_ids, reason, decided_by)
values (%(answer)s, %(policy)s, %(case_ids)s::uuid[], %(decision_ids)s, %(reason)s, %(who)s)
returning act_id

-- name: acts
-- What was decided last.
select
    acts.act_id,
    acts.answer,
    acts.policy,
    acts.reason,
    acts.decided_by,
    acts.decided_at,
    acts.undone_by,
    acts.undone_at,
    acts.case_ids[1]::text as case_id,
    cardinality(acts.case_ids) as case_count,
    acts.decision_ids,
    standing.standing_count,
    standing.applied_count,
    standing.subject
from ops.conflict_acts as acts
cross join lateral (
    select
        count(*) filter (where decisions.withdrawn_at is null) as standing_count,
        count(applied.decision_id) as applied_count,
        min(coalesce(decisions.value, records.full_name, decisions.record_key)) as subject
    from ops.merge_decisions as decisions
    left join unified_internal.int_decisions as applied on decisions.decision_id = applied.decision_id
    left join unified_internal.int_identity__records as records on decisions.record_key = records.record_key
    where decisions.decision_id = any(acts.decision_ids)
) as standing
where %(before)s::bigint is null or acts.act_id < %(before)s
order by acts.act_id desc
limit %(most)s

-- name: act
-- One of them.
select
    act_id,
    answer,
    policy,
    case_ids[1]::text as case_id,
    cardinality(case_ids) as case_count,
    decision_ids,
    decided_by,
    decided_at,
    undone_by,
    undone_at
from ops.conflict_acts
where act_id = %(act_id)s

-- name: act_of_case
-- The last act about a case.
select
    act_id,
    answer,
    policy,
    reason,
    decided_by,
    decided_at,
    undone_by,
    undone_at
from ops.conflict_acts
where case_ids @> array[%(case_id)s::uuid]
order by act_id desc
limit 1

-- name: last_act
-- What a person decided last, if it stands and was not long ago.
select
    act_id,
    answer,
    cardinality(case_ids) as case_count
from (
    select * from ops.conflict_acts
    where decided_by = %(who)s
    order by act_id desc
    limit 1
) as last
where undone_at is null and decided_at > clock_timestamp() - interval '1 hour'

-- name: undo
-- An act is undone; nothing comes back if it was already.
update ops.conflict_acts
set undone_by = %(who)s, undone_at = clock_timestamp()
where act_id = %(act_id)s and undone_at is null
returning act_id

-- name: standing_of
-- Of some decisions those that stand.
select decision_id
from ops.merge_decisions
where decision_id = any(%(decision_ids)s) and withdrawn_at is null
order by decision_id

-- name: waiting
-- How many decisions the next unify applies, and how many it takes back.
select
    count(*) filter (where decisions.withdrawn_at is null) as decided,
    count(*) filter (where decisions.withdrawn_at is not null) as undone
from ops.merge_decisions as decisions
left join unified_internal.int_decisions as applied on decisions.decision_id = applied.decision_id
where
    (applied.decision_id is null) = (decisions.withdrawn_at is null)
    and (decisions.until is null or decisions.until > clock_timestamp())

-- name: affected
-- The cases that a policy would decide, those with most money first.
select
    case_id::text as case_id,
    version,
    conflict_ids::text[] as conflict_ids,
    client_ids::text[] as client_ids
from ops.conflict_cases
where
    state = 'open'
    and proposal = %(proposal)s
    and rule = %(rule)s
    and (%(reason)s::text is null or reason = %(reason)s)
    and (%(kind)s::text is null or kinds @> array[%(kind)s])
    and (%(business)s::text is null or business = %(business)s)
    and (%(q)s::text is null or search like %(q)s)
order by coalesce((money ->> %(currency)s)::numeric, 0) desc, conflict_cases.case_id desc
limit %(most)s

-- name: joined_totals
-- How many clients, records and payments some clients have.
select
    count(*) as clients,
    coalesce(sum(record_count), 0)::bigint as records,
    coalesce(sum(payment_count), 0)::bigint as payments
from unified.clients
where client_id = any(%(client_ids)s::uuid[])

-- name: kinds
-- The kinds of value that are contested.
select distinct kind
from ops.conflict_cases
cross join lateral unnest(kinds) as kind
order by kind
