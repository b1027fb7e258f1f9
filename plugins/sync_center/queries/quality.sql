-- name: state
-- What the figures are of: they hold until one of these moves.
select
    (select max(publish_id) from ops.publishes) as publish_id,
    (select max(batch_id) from ops.batches) as batch_id,
    (select max(reject_id) from ops.rejected_records) as reject_id,
    to_regclass('unified.shared_identifiers') is not null
    and to_regclass('unified.client_records') is not null
    and to_regclass('unified_internal.int_identity__unidentifiable') is not null as is_unified

-- name: shared
-- Values that join nobody, counted by kind and reason.
select
    kind,
    reason,
    count(*) as number
from unified.shared_identifiers
group by kind, reason
order by count(*) desc, kind, reason

-- name: shared_examples
-- Values that join nobody, in the order of their key.
select
    business,
    kind,
    value,
    reason,
    name_count,
    max_names,
    record_count
from unified.shared_identifiers
where (business, kind, value) > (%(business)s, %(kind)s, %(value)s)
order by business, kind, value
limit %(most)s

-- name: phones
-- Rows that say a phone number of which none is valid: how many of each stream, and the first thousand of them.
with phone_columns as (
    select
        files.account,
        files.id,
        detected.key as header
    from staging_csv.files
    cross join lateral jsonb_each_text(
        case when jsonb_typeof(files.record -> 'mapping') = 'object' then files.record -> 'mapping' else '{}' end
    ) as detected
    left join ops.csv_mappings as said on files.record ->> 'kind' = said.kind and detected.key = said.header
    where case when said.kind is null then detected.value else said.field end = 'phone'
),

told as (
    select
        'csv' as source,
        'imports' as stream,
        imports.account,
        imports.id,
        imports.phones,
        imports.record ->> phone_columns.header as phone
    from staging_csv.imports
    inner join phone_columns on imports.account = phone_columns.account and imports.origin ->> 'file' = phone_columns.id
    where imports._deleted_at is null and (imports.phones is null or imports.phones = '[]')
    union all
    select
        'ghl', 'contacts', account, id, phones, record ->> 'phone'
    from staging_ghl.contacts where _deleted_at is null
    union all
    select
        'manychat', 'subscribers', account, id, phones, coalesce(record ->> 'phone', record ->> 'whatsapp_phone')
    from staging_manychat.subscribers where _deleted_at is null
    union all
    select
        'manychat', 'subscriber_pushes', account, id, phones, coalesce(record ->> 'phone', record ->> 'whatsapp_phone')
    from staging_manychat.subscriber_pushes where _deleted_at is null
    union all
    select
        'stripe', 'customers', account, id, phones, record ->> 'phone'
    from staging_stripe.customers where _deleted_at is null
    union all
    select
        'stripe', 'charges', account, id, phones, record #>> '{billing_details,phone}'
    from staging_stripe.charges where _deleted_at is null
    union all
    select
        'stripe', 'checkout_sessions', account, id, phones, record #>> '{customer_details,phone}'
    from staging_stripe.checkout_sessions where _deleted_at is null
    union all
    select
        'paypal', 'transactions', account, id, phones, record #>> '{payer_info,phone_number,national_number}'
    from staging_paypal.transactions where _deleted_at is null
),

numbered as (
    select
        source,
        stream,
        account,
        id,
        phone,
        row_number() over (partition by source, stream order by account, id) as place,
        count(*) over (partition by source, stream) as number
    from told
    where (phones is null or phones = '[]') and phone ~ '\S'
)

select
    source,
    stream,
    account,
    id,
    left(phone, 80) as phone,
    number
from numbered
where place <= %(most)s
order by source, stream, place

-- name: duplicates
-- Clients with several records of one kind of a source: how many of each kind, and the thousand with most.
with several as (
    select
        source,
        kind,
        client_id,
        count(*) as records
    from unified.client_records
    where deleted_at is null
    group by source, kind, client_id
    having count(*) > 1
),

numbered as (
    select
        *,
        row_number() over (partition by source, kind order by records desc, client_id) as place,
        count(*) over (partition by source, kind) as clients,
        sum(records - 1) over (partition by source, kind) as number
    from several
)

select
    numbered.source,
    numbered.kind,
    numbered.client_id::text as client_id,
    numbered.records,
    numbered.clients,
    numbered.number::bigint as number,
    clients.name
from numbered
left join unified.clients on numbered.client_id = clients.client_id
where numbered.place <= %(most)s
order by numbered.source, numbered.kind, numbered.place

-- name: unidentifiable
-- Records without anything that identifies, counted by source and kind.
select
    source,
    kind,
    count(*) as number
from unified_internal.int_identity__unidentifiable
group by source, kind
order by count(*) desc, source, kind

-- name: unidentifiable_examples
-- Records without anything that identifies, in the order of their key.
select
    record_key,
    business,
    source,
    kind
from unified_internal.int_identity__unidentifiable
where record_key > %(after)s
order by record_key
limit %(most)s

-- name: rejects
-- Rows that were refused, counted by stream.
select
    source,
    stream,
    count(*) as number,
    max(rejected_at) as last_at
from ops.rejected_records
group by source, stream
order by count(*) desc, source, stream

-- name: reject_examples
-- Rows that were refused, the newest first.
select
    reject_id,
    source,
    stream,
    reason,
    raw_length,
    substring(raw for 200) as beginning,
    rejected_at
from ops.rejected_records
where reject_id < %(after)s
order by reject_id desc
limit %(most)s
