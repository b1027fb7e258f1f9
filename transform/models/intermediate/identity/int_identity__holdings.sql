with

identifiers as (

    select * from {{ ref('int_identity__identifiers') }}

),

identifier_values as (

    select * from {{ ref('int_identity__values') }}

),

-- Blocked and shared values count nowhere: they do not link, anchor or contest.
holdings as (

    select
        identifiers.record_number,
        identifiers.kind,
        identifier_values.value_number
    from identifiers
    left join identifier_values
        on
            identifiers.business = identifier_values.business
            and identifiers.kind = identifier_values.kind
            and identifiers.value = identifier_values.value
    where not identifiers.is_blocked and identifier_values.is_shared is not true

)

select * from holdings
