{#-
    Which circles hold a value of an exclusive kind, and which have to be looked at kind by kind? Those that hold two such
    values, or two people whom a decision keeps apart. Every other circle is one client: all steps together come to the
    same as one.
-#}
with

circles as not materialized (

    select * from {{ ref('int_identity__circles') }}

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

pairs as (

    select * from {{ ref('int_identity__pairs') }}
    where decision = 'different_people'

),

exclusive_values as (

    select
        circles.circle_number,
        min(identifiers.value_number) as one_value,
        max(identifiers.value_number) as other_value
    from identifiers
    inner join circles on identifiers.record_number = circles.record_number
    where
        (identifiers.value_number >> 58) in (
            select steps.step from steps
            where steps.is_exclusive
        )
        and identifiers.value_number not in (select excluded.value_number from excluded)
    group by circles.circle_number

),

kept_apart as (

    select distinct circles.circle_number
    from pairs
    inner join circles on pairs.record_number = circles.record_number

),

exclusives as (

    select
        coalesce(exclusive_values.circle_number, kept_apart.circle_number) as circle_number,
        exclusive_values.circle_number is not null as has_exclusive_value,
        coalesce(exclusive_values.one_value < exclusive_values.other_value, false)
        or kept_apart.circle_number is not null as is_contested
    from exclusive_values
    full join kept_apart on exclusive_values.circle_number = kept_apart.circle_number

)

select * from exclusives
