{#- Which records may have changed since the last publish? A full run reads all rows and needs no list. -#}
-- depends_on: {{ ref('int_decisions') }}
-- depends_on: {{ ref('int_identity__changed_rows') }}
-- depends_on: {{ ref('int_identity__issuers') }}
-- depends_on: {{ ref('int_run') }}
with

{% if is_full_run() %}

numbered as (

    select
        null::bigint as record_number,
        null::text as record_key,
        null::text as source,
        null::text as stream,
        null::text as account,
        null::text as id
    where exists (select from {{ ref('int_identity__changed_rows') }}) and false

)

{% else %}

changed_rows as (

    select * from {{ ref('int_identity__changed_rows') }}

),

standing_records as not materialized (

    select * from {{ standing('int_identity__records') }}

),

standing_identifiers as not materialized (

    select * from {{ standing('int_identity__identifiers') }}

),

issuers as (

    select * from {{ next_version(ref('int_identity__issuers')) }}

),

changed_decisions as (

    select * from {{ differing(ref('int_decisions')) }} as changed_decisions

),

-- Which account an id is of that another source tells depends on who gives such ids.
kinds_issued_otherwise as (

    select changed_issuers.kind
    from {{ differing(ref('int_identity__issuers')) }} as changed_issuers

),

told_of as (

    select standing_identifiers.record_number
    from changed_rows
    inner join issuers
        on
            changed_rows.source = issuers.source
            and changed_rows.stream = issuers.stream
            and changed_rows.account = issuers.account
    inner join standing_identifiers on changed_rows.id = standing_identifiers.told_id and issuers.kind = standing_identifiers.kind
    union
    select record_number from standing_identifiers
    where told_id is not null and kind in (select kinds_issued_otherwise.kind from kinds_issued_otherwise)

),

keys as (

    select
        source || ':' || stream || ':' || account || ':' || id as record_key,
        source,
        stream,
        account,
        id
    from changed_rows
    union
    select
        standing_records.record_key,
        standing_records.source,
        standing_records.stream,
        standing_records.account,
        standing_records.id
    from changed_decisions
    inner join standing_records
        on standing_records.record_key in (changed_decisions.record_key, changed_decisions.other_record_key)
    union
    select
        standing_records.record_key,
        standing_records.source,
        standing_records.stream,
        standing_records.account,
        standing_records.id
    from told_of
    inner join standing_records on told_of.record_number = standing_records.record_number

),

numbered as (

    select
        coalesce(
            standing_records.record_number,
            (select coalesce(max(counted.record_number), 0) from standing_records as counted)
            + row_number() over (partition by standing_records.record_number is null order by keys.record_key collate "C")
        ) as record_number,
        keys.record_key,
        keys.source,
        keys.stream,
        keys.account,
        keys.id
    from keys
    left join standing_records on keys.record_key = standing_records.record_key

)

{% endif %}

select * from numbered
