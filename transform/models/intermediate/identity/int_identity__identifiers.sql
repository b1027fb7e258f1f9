with

records as (

    select * from {{ ref('int_identity__records') }}

),

identity_rules as (

    select * from {{ ref('identity_rules') }}

),

blocked_identifiers as (

    select distinct
        kind,
        value
    from {{ ref('blocked_identifiers') }}

),

found as (

    select
        records.record_number,
        records.business,
        records.account,
        'email' as kind,
        addresses.email as value
    from records
    cross join unnest(records.emails) as addresses (email)
    union all
    select
        records.record_number,
        records.business,
        records.account,
        'phone_e164' as kind,
        numbers.phone as value
    from records
    cross join unnest(records.phones) as numbers (phone)
    union all
    select
        records.record_number,
        records.business,
        records.account,
        pairs.pair ->> 0 as kind,
        pairs.pair ->> 1 as value
    from records
    cross join jsonb_array_elements(records.identifiers) as pairs (pair)

),

ruled as (

    select
        found.record_number,
        found.business,
        found.kind,
        case when identity_rules.per_account then found.account || '/' || found.value else found.value end as value
    from found
    inner join identity_rules on found.kind = identity_rules.kind

),

identifiers as (

    select
        ruled.record_number,
        ruled.business,
        ruled.kind,
        ruled.value,
        blocked_identifiers.value is not null as is_blocked
    from ruled
    left join blocked_identifiers on ruled.kind = blocked_identifiers.kind and ruled.value = blocked_identifiers.value

)

select * from identifiers
