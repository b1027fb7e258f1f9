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

-- Which source gives the ids of a kind.
issuers as (

    select
        identifier_fields.kind,
        min(identifier_fields.source) as source
    from {{ ref('identifier_fields') }} as identifier_fields
    inner join identity_rules on identifier_fields.kind = identity_rules.kind
    where identifier_fields.place = 'id' and identity_rules.per_account
    group by identifier_fields.kind

),

issued as (

    select distinct
        records.business,
        issuers.kind,
        records.account,
        pairs.pair ->> 1 as value
    from records
    inner join issuers on records.source = issuers.source
    cross join jsonb_array_elements(records.identifiers) as pairs (pair)
    where pairs.pair ->> 0 = issuers.kind

),

-- An id that another source tells is of the only account that gives such ids, else of the one where it is found.
only_accounts as (

    select
        business,
        kind,
        min(account) as account
    from issued
    group by business, kind
    having min(account) = max(account)

),

known_ids as (

    select
        business,
        kind,
        value,
        min(account) as account
    from issued
    group by business, kind, value
    having min(account) = max(account)

),

told as (

    select
        records.record_number,
        records.business,
        records.source,
        records.account,
        pairs.pair ->> 0 as kind,
        pairs.pair ->> 1 as value
    from records
    cross join jsonb_array_elements(records.identifiers) as pairs (pair)

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
        told.record_number,
        told.business,
        case
            when told.source = issuers.source then told.account
            else coalesce(only_accounts.account, known_ids.account, told.account)
        end as account,
        told.kind,
        told.value
    from told
    left join issuers on told.kind = issuers.kind
    left join only_accounts on told.business = only_accounts.business and told.kind = only_accounts.kind
    left join known_ids
        on told.business = known_ids.business and told.kind = known_ids.kind and told.value = known_ids.value

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
