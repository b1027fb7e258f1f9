with

identifier_values as (

    select * from {{ ref('int_identity__values') }}

),

identity_rules as (

    select * from {{ ref('identity_rules') }}

),

shared_identifiers as (

    select
        identifier_values.business,
        identifier_values.kind,
        identifier_values.value,
        identifier_values.name_count,
        identity_rules.max_names,
        identifier_values.record_count
    from identifier_values
    inner join identity_rules on identifier_values.kind = identity_rules.kind
    where identifier_values.is_shared

)

select * from shared_identifiers
