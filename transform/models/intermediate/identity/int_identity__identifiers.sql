with

staged_rows as (

    select * from {{ ref('int_identity__staged_rows') }}

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
        staged_rows.record_key,
        staged_rows.business,
        staged_rows.account,
        'email' as kind,
        addresses.email as value
    from staged_rows
    cross join unnest(staged_rows.emails) as addresses (email)
    union all
    select
        staged_rows.record_key,
        staged_rows.business,
        staged_rows.account,
        'phone_e164' as kind,
        numbers.phone as value
    from staged_rows
    cross join unnest(staged_rows.phones) as numbers (phone)
    union all
    select
        staged_rows.record_key,
        staged_rows.business,
        staged_rows.account,
        pairs.pair ->> 0 as kind,
        pairs.pair ->> 1 as value
    from staged_rows
    cross join jsonb_array_elements(staged_rows.identifiers) as pairs (pair)

),

ruled as (

    select
        found.record_key,
        found.business,
        found.kind,
        case when identity_rules.per_account then found.account || '/' || found.value else found.value end as value
    from found
    inner join identity_rules on found.kind = identity_rules.kind

),

identifiers as (

    select
        ruled.record_key,
        ruled.business,
        ruled.kind,
        ruled.value,
        blocked_identifiers.value is not null as is_blocked
    from ruled
    left join blocked_identifiers on ruled.kind = blocked_identifiers.kind and ruled.value = blocked_identifiers.value

)

select * from identifiers
