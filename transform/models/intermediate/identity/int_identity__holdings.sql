{#- Which values do the records of contested circles hold: common ones, and those of an exclusive kind that anchor them? -#}
with

contested as (

    select circle_number from {{ ref('int_identity__exclusives') }}
    where is_contested

),

circles as (

    select * from {{ ref('int_identity__circles') }}

),

links as (

    select * from {{ ref('int_identity__links') }}

),

identifiers as (

    select
        record_number,
        value_number
    from {{ current(ref('int_identity__identifiers'), of=ref('int_identity__touched'), by='record_number') }} as identifiers

),

excluded as (

    select value_number from {{ ref('int_identity__excluded_now') }}

),

steps as (

    select * from {{ ref('int_identity__steps') }}

),

records as (

    select
        circles.record_number,
        circles.circle_number
    from contested
    inner join circles on contested.circle_number = circles.circle_number

),

holdings as (

    select
        links.record_number,
        links.value_number,
        (links.value_number >> 58)::integer as step
    from records
    inner join links on records.record_number = links.record_number
    union
    select
        identifiers.record_number,
        identifiers.value_number,
        steps.step
    from records
    inner join identifiers on records.record_number = identifiers.record_number
    inner join steps on steps.is_exclusive and (identifiers.value_number >> 58) = steps.step
    where identifiers.value_number not in (select excluded.value_number from excluded)

)

select * from holdings
