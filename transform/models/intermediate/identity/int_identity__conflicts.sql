{#- Which values do two or more clients hold in the end, and how many records of each? Only contested circles have any. -#}
with

holdings as (

    select * from {{ ref('int_identity__holdings') }}

),

clusters as (

    select
        record_number,
        record_key,
        client_number,
        client_id
    from {{ next_version(ref('int_identity__clusters')) }}

),

identifiers as (

    select
        record_number,
        business,
        kind,
        value,
        value_number
    from {{ current(ref('int_identity__identifiers'), of=ref('int_identity__touched'), by='record_number') }} as identifiers

),

steps as (

    select * from {{ ref('int_identity__steps') }}

),

placed as (

    select
        holdings.value_number,
        holdings.step,
        holdings.record_number,
        clusters.record_key,
        clusters.client_number,
        clusters.client_id
    from holdings
    inner join clusters on holdings.record_number = clusters.record_number

),

anchored as (

    select distinct placed.client_number
    from placed
    inner join steps on placed.step = steps.step and steps.is_exclusive

),

contested as (

    select value_number
    from placed
    where step > 0
    group by value_number
    having min(client_number) < max(client_number)

),

competing as (

    select
        placed.value_number,
        placed.client_number,
        placed.client_id,
        min(placed.record_number) as one_record,
        array_agg(placed.record_key order by placed.record_key collate "C") as record_keys
    from contested
    inner join placed on contested.value_number = placed.value_number
    group by placed.value_number, placed.client_number, placed.client_id

),

named as (

    select
        competing.value_number,
        min(identifiers.business) as business,
        min(identifiers.kind) as kind,
        min(identifiers.value) as value
    from competing
    inner join identifiers
        on competing.one_record = identifiers.record_number and competing.value_number = identifiers.value_number
    group by competing.value_number

),

conflicts as (

    select
        {{ function('derive_uuid') }}(jsonb_build_array(named.business, named.kind, named.value)::text) as conflict_id,
        competing.value_number,
        named.business,
        named.kind,
        named.value,
        competing.client_id,
        competing.client_number,
        competing.record_keys,
        anchored.client_number is not null as is_anchored
    from competing
    inner join named on competing.value_number = named.value_number
    left join anchored on competing.client_number = anchored.client_number

)

select * from conflicts
