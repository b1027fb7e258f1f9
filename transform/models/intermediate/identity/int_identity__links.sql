{#- Which values that count does a record have in common with another? Decisions "same person" are such values too. -#}
with

identifiers as (

    select
        record_number,
        value_number
    from {{ current(ref('int_identity__identifiers'), of=ref('int_identity__touched'), by='record_number') }} as identifiers

),

excluded as (

    select value_number from {{ ref('int_identity__excluded_now') }}

),

pairs as (

    select * from {{ ref('int_identity__pairs') }}
    where decision = 'same_person'

),

counting as (

    select
        record_number,
        value_number
    from identifiers
    where value_number not in (select excluded.value_number from excluded)
    union all
    select
        pairs.record_number,
        pairs.decision_id as value_number
    from pairs
    union all
    select
        pairs.other_record_number as record_number,
        pairs.decision_id as value_number
    from pairs

),

common as (

    select
        value_number,
        min(record_number) as first_record
    from counting
    group by value_number
    having min(record_number) < max(record_number)

),

links as (

    select
        counting.record_number,
        counting.value_number,
        common.first_record
    from counting
    inner join common on counting.value_number = common.value_number

)

select * from links
