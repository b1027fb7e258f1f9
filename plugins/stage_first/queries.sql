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

-- name: is_unified
-- Whether anything was ever published, by a release that knows decisions.
select
    to_regclass('unified.client_records') is not null
    and to_regclass('unified_internal.int_decisions') is not null as is_unified

-- name: is_kept
-- Whether what the last publish kept beside its tables is still there; a server that was killed has emptied it.
select exists (select from unified_internal.int_identity__records) as is_kept

-- name: decisions
-- The decisions, with the client of each record (none: the record is gone), and whether the last publish knew them; of
-- one client those about its records, and those that are about no record.
select
    merge_decisions.decision_id,
    merge_decisions.decision,
    merge_decisions.business,
    merge_decisions.record_key,
    merge_decisions.other_record_key,
    merge_decisions.kind,
    merge_decisions.value,
    merge_decisions.field,
    merge_decisions.source,
    merge_decisions.pattern,
    merge_decisions.until,
    merge_decisions.reason,
    merge_decisions.decided_by,
    merge_decisions.decided_at,
    merge_decisions.withdrawn_at,
    merge_decisions.withdrawn_by,
    merge_decisions.withdrawn_reason,
    one.client_id::text as client_id,
    other.client_id::text as other_client_id,
    coalesce(one.business <> other.business, false) as is_across_businesses,
    applied.decision_id is not null as is_applied
from ops.merge_decisions
left join unified.client_records as one on merge_decisions.record_key = one.record_key
left join unified.client_records as other on merge_decisions.other_record_key = other.record_key
left join unified_internal.int_decisions as applied on merge_decisions.decision_id = applied.decision_id
where
    (merge_decisions.withdrawn_at is null or %(with_withdrawn)s)
    and (
        %(client_id)s::uuid is null
        or merge_decisions.record_key is null
        or merge_decisions.record_key in (
            select record_key from unified.client_records where client_id = %(client_id)s::uuid
        )
        or merge_decisions.other_record_key in (
            select record_key from unified.client_records where client_id = %(client_id)s::uuid
        )
    )
order by merge_decisions.decision_id

-- name: decide
-- Write a decision down and return its number.
insert into ops.merge_decisions (
    decision, business, record_key, other_record_key, kind, value, field, source, pattern, until, reason, decided_by
)
values (
    %(decision)s, %(business)s, %(record_key)s, %(other_record_key)s, %(kind)s, %(value)s, %(field)s, %(source)s,
    %(pattern)s, %(until)s, %(reason)s, %(decided_by)s
)
returning decision_id

-- name: decide_all
-- Write many decisions down and return their numbers, in the order in which they were given.
insert into ops.merge_decisions (
    decision, business, record_key, other_record_key, kind, value, field, source, pattern, until, reason, decided_by
)
select
    decision, business, record_key, other_record_key, kind, value, field, source, pattern, until, reason, decided_by
from rows from (
    jsonb_to_recordset(%(rows)s) as (
        decision text, business text, record_key text, other_record_key text, kind text, value text, field text,
        source text, pattern text, until timestamptz, reason text, decided_by text
    )
) with ordinality
order by ordinality
returning decision_id

-- name: withdraw_decisions
-- Let decisions stand no longer.
update ops.merge_decisions
set withdrawn_at = clock_timestamp(), withdrawn_by = %(who)s, withdrawn_reason = %(because)s
where decision_id = any(%(decision_ids)s) and withdrawn_at is null
returning decision_id

-- name: identity_kinds
-- The kinds of identifier, the strongest first, and which accounts give the ids of each.
select
    kinds.kind,
    coalesce(kinds.per_account, false) as is_per_account,
    coalesce(array_agg(distinct issuers.account) filter (where issuers.account is not null), '{}') as accounts
from unified_internal.int_rules__kinds as kinds
left join unified_internal.int_identity__issuers as issuers on kinds.kind = issuers.kind
group by kinds.kind, kinds.priority, kinds.per_account
order by kinds.priority, kinds.kind

-- name: clean_email
-- An e-mail as staging cleans it, folded as the options say; null if it is none.
select
    unified_internal.fold_email(
        unified_internal.normalize_email(%(text)s),
        coalesce(bool_or(option = 'gmail_dots' and value = 'true'), false),
        coalesce(bool_or(option = 'gmail_plus' and value = 'true'), false)
    ) as value
from unified_internal.int_rules__options

-- name: clean_identifier
-- Any other identifier as staging cleans it; null if it is none.
select unified_internal.normalize_identifier(%(text)s) as value

-- name: record_named
-- The record of that key.
select
    client_records.record_key,
    client_records.business,
    client_records.client_id::text as client_id,
    records.record_number,
    records.full_name as name
from unified.client_records
inner join unified_internal.int_identity__records as records on client_records.record_key = records.record_key
where client_records.record_key = %(text)s

-- name: client_named
-- The client that an id means today, also one that was given in the past.
select client_id::text as client_id
from unified.client_records
where alias_client_id = %(client_id)s

-- name: names
-- What clients are called.
select
    client_id::text as client_id,
    business,
    coalesce(name, email, phone) as name
from unified.clients
where client_id = any(%(client_ids)s::uuid[])

-- name: founding_record
-- The record that gives a client its id.
select
    client_records.record_key,
    client_records.business,
    client_records.client_id::text as client_id,
    records.record_number,
    records.full_name as name
from unified.client_records
inner join unified_internal.int_identity__records as records on client_records.record_key = records.record_key
where client_records.alias_client_id = %(client_id)s and client_records.is_founding

-- name: holders
-- The clients that hold a value, each with the first loaded of its records that does. A number stands for the value;
-- it holds the step of the kind, and all steps are tried: a run that was not published may have moved the kinds.
with businesses as (
    select business from unified_internal.int_rules__accounts
    union
    select 'main' as business
),

numbers as (
    select unified_internal.value_number(step, businesses.business, %(value)s) as value_number
    from businesses
    cross join generate_series(1, 31) as step
)

select
    client_records.client_id::text as client_id,
    identifiers.business,
    count(distinct identifiers.record_number) as record_count,
    (array_agg(records.record_key order by records._first_loaded_at, records.record_key collate "C"))[1] as record_key
from numbers
inner join unified_internal.int_identity__identifiers as identifiers on numbers.value_number = identifiers.value_number
inner join unified_internal.int_identity__records as records on identifiers.record_number = records.record_number
inner join unified.client_records on records.record_key = client_records.record_key
where identifiers.kind = %(kind)s and identifiers.value = %(value)s
group by client_records.client_id, identifiers.business
order by min(records._first_loaded_at), client_records.client_id

-- name: held_values
-- The values that a record holds, the strongest first, and how many other records of its client hold each.
with own as (
    select distinct
        kind,
        value,
        value_number
    from unified_internal.int_identity__identifiers
    where record_number = %(record_number)s
)

select
    own.kind,
    own.value,
    excluded.reason as excluded,
    (
        select count(distinct others.record_number)
        from unified_internal.int_identity__identifiers as others
        inner join unified_internal.int_identity__records as records on others.record_number = records.record_number
        inner join unified.client_records on records.record_key = client_records.record_key
        where
            others.value_number = own.value_number
            and others.record_number <> %(record_number)s
            and client_records.client_id = %(client_id)s
    ) as linked_count
from own
left join unified_internal.int_identity__excluded as excluded on own.value_number = excluded.value_number
order by own.value_number

-- name: conflict_named
-- The conflict of that id.
select
    conflict_id::text as conflict_id,
    business,
    kind,
    value,
    client_ids::text[] as client_ids
from unified.merge_conflicts
where conflict_id = %(conflict_id)s

-- name: conflicts_of_value
-- The conflicts about a value, one for each business at most.
select
    conflict_id::text as conflict_id,
    business,
    kind,
    value,
    client_ids::text[] as client_ids
from unified.merge_conflicts
where kind = %(kind)s and value = %(value)s
order by business

-- name: contests
-- Who competes in conflicts: of each client the founding record, the records that hold the value, the first loaded of them.
select
    merge_conflicts.case_id::text as case_id,
    merge_conflicts.conflict_id::text as conflict_id,
    merge_conflicts.business,
    merge_conflicts.kind,
    merge_conflicts.value,
    competitor.client_id,
    founding.record_key as founding_key,
    holding.record_keys[1] as holding_key,
    holding.record_keys
from unified.merge_conflicts
cross join lateral jsonb_to_recordset(merge_conflicts.competitors) as competitor (client_id text, record_keys text[])
cross join lateral (
    select array_agg(record_key order by first_loaded_at, record_key collate "C") as record_keys
    from unified.client_records
    where record_key = any(competitor.record_keys)
) as holding
inner join unified.client_records as founding
    on competitor.client_id::uuid = founding.alias_client_id and founding.is_founding
where merge_conflicts.conflict_id = any(%(conflict_ids)s::uuid[])
order by merge_conflicts.conflict_id, founding.first_loaded_at, founding.record_key collate "C"

-- name: offered_value
-- What a record says about the field of a client; null if nothing.
select
    case %(field)s
        when 'name' then full_name
        when 'email' then emails[1]
        when 'phone' then phones[1]
        when 'country' then country
        when 'consent_email' then consent_email::text
        when 'consent_sms' then consent_sms::text
        when 'consent_whatsapp' then consent_whatsapp::text
    end as value
from unified_internal.int_identity__records
where record_number = %(record_number)s

-- name: contested_records
-- Of each of two clients the first loaded record that holds the strongest value which both hold and which counts.
with one as (
    select identifiers.value_number
    from unified.client_records
    inner join unified_internal.int_identity__records as records on client_records.record_key = records.record_key
    inner join unified_internal.int_identity__identifiers as identifiers on records.record_number = identifiers.record_number
    where client_records.client_id = %(one)s
),

other as (
    select identifiers.value_number
    from unified.client_records
    inner join unified_internal.int_identity__records as records on client_records.record_key = records.record_key
    inner join unified_internal.int_identity__identifiers as identifiers on records.record_number = identifiers.record_number
    where client_records.client_id = %(other)s
),

contested as (
    select min(one.value_number) as value_number
    from one
    inner join other on one.value_number = other.value_number
    left join unified_internal.int_identity__excluded as excluded on one.value_number = excluded.value_number
    where excluded.value_number is null
)

select distinct on (client_records.client_id)
    client_records.client_id::text as client_id,
    records.record_key
from contested
inner join unified_internal.int_identity__identifiers as identifiers on contested.value_number = identifiers.value_number
inner join unified_internal.int_identity__records as records on identifiers.record_number = records.record_number
inner join unified.client_records on records.record_key = client_records.record_key
where client_records.client_id in (%(one)s, %(other)s)
order by client_records.client_id, records._first_loaded_at, records.record_key collate "C"

-- name: explained_client
-- A client as it was published.
select
    client_id::text as client_id,
    business,
    name,
    email,
    phone,
    country,
    consent_email::text as consent_email,
    consent_sms::text as consent_sms,
    consent_whatsapp::text as consent_whatsapp,
    emails,
    phones,
    record_count,
    open_conflicts
from unified.clients
where client_id = %(client_id)s

-- name: explained_records
-- The records of a client in the order in which they have their say.
select
    records.record_number,
    records.record_key,
    records.source,
    records.stream,
    records.kind,
    records.account,
    records.id,
    records.full_name as name,
    records.emails,
    records.phones,
    records.country,
    records.consent_email::text as consent_email,
    records.consent_sms::text as consent_sms,
    records.consent_whatsapp::text as consent_whatsapp,
    records.source_priority,
    records.updated_at,
    records.created_at,
    client_records.is_founding,
    client_records.why_kind,
    client_records.why_value,
    client_records.why_rule,
    client_records.first_loaded_at,
    client_records.deleted_at
from unified.client_records
inner join unified_internal.int_identity__records as records on client_records.record_key = records.record_key
where client_records.client_id = %(client_id)s
order by
    client_records.deleted_at is not null asc,
    records.source_priority asc nulls last,
    records.updated_at desc nulls last,
    records.created_at desc nulls last,
    records.record_key collate "C" asc

-- name: explained_identifiers
-- Which record of a client holds which value, the strongest first, and why a value does not count.
select distinct
    identifiers.record_number,
    identifiers.kind,
    identifiers.value,
    identifiers.value_number,
    excluded.reason as excluded,
    excluded.name_count,
    excluded.max_names,
    excluded.record_count
from unified.client_records
inner join unified_internal.int_identity__records as records on client_records.record_key = records.record_key
inner join unified_internal.int_identity__identifiers as identifiers on records.record_number = identifiers.record_number
left join unified_internal.int_identity__excluded as excluded on identifiers.value_number = excluded.value_number
where client_records.client_id = %(client_id)s
order by identifiers.value_number, identifiers.record_number

-- name: conflicts_of_client
-- The conflicts in which a client competes.
with held as (
    select distinct
        identifiers.business,
        identifiers.kind,
        identifiers.value
    from unified.client_records
    inner join unified_internal.int_identity__records as records on client_records.record_key = records.record_key
    inner join unified_internal.int_identity__identifiers as identifiers on records.record_number = identifiers.record_number
    where client_records.client_id = %(client_id)s
)

select
    merge_conflicts.conflict_id::text as conflict_id,
    merge_conflicts.case_id::text as case_id,
    merge_conflicts.kind,
    merge_conflicts.value,
    merge_conflicts.status,
    merge_conflicts.reason,
    merge_conflicts.client_ids::text[] as client_ids
from held
inner join unified.merge_conflicts
    on
        merge_conflicts.conflict_id = unified_internal.derive_uuid(
            jsonb_build_array(held.business, held.kind, held.value)::text
        )
order by merge_conflicts.kind, merge_conflicts.value

-- name: others_with_value
-- Some other clients whose records hold a value; a value may be on very many records.
select distinct client_records.client_id::text as client_id
from (
    select record_number
    from unified_internal.int_identity__identifiers
    where value_number = %(value_number)s
    limit 200
) as holding
inner join unified_internal.int_identity__records as records on holding.record_number = records.record_number
inner join unified.client_records on records.record_key = client_records.record_key
where client_records.client_id <> %(client_id)s
order by client_id

-- name: first_payment_of_payers
-- PayPal's payers are made of payments: the first loaded payment of each.
select distinct on (payers.id)
    payers.id as payer_id,
    payments.account,
    payments.id
from unnest(%(accounts)s::text[], %(ids)s::text[]) as payers (account, id)
inner join unified_internal.stg_paypal__transactions as payments
    on payers.account = payments.account and payers.id = coalesce(payments.payer_account_id, payments.email)
where payments.is_incoming
order by payers.id, payments._first_loaded_at, payments.id

-- name: raw_rows
-- Rows of a raw table (its name is put in), with the run that brought what stands there.
select
    raw.account,
    raw.id,
    raw._run_id::text as run_id,
    raw._batch_id as batch_id,
    raw._loaded_at as loaded_at,
    raw.origin ->> 'path' as path,
    raw.origin ->> 'line' as line,
    sync_runs.started_at,
    sync_runs.started_by
from unnest(%(accounts)s::text[], %(ids)s::text[]) as wanted (account, id)
inner join {table} as raw on wanted.account = raw.account and wanted.id = raw.id
left join ops.sync_runs on raw._run_id = sync_runs.run_id and sync_runs.source = %(source)s and sync_runs.stream = %(stream)s
