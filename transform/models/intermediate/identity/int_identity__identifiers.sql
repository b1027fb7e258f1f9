{{
    config(
        materialized='kept',
        scope='int_identity__changed',
        scope_key='record_number',
        indexes=[
            {'columns': ['record_number']},
            {'columns': ['value_number']},
            {'columns': ['told_id', 'kind'], 'where': 'told_id is not null'},
        ]
    )
}}


-- depends_on: {{ ref('int_run') }}
-- depends_on: {{ ref('int_rules__options') }}
-- depends_on: {{ ref('int_identity__changed') }}
with

records as not materialized (

    select * from {{ next_version(ref('int_identity__records')) }}

),

steps as (

    select * from {{ ref('int_identity__steps') }}

),

issuers as (

    select * from {{ next_version(ref('int_identity__issuers')) }}

),

decisions as (

    select * from {{ next_version(ref('int_decisions')) }}

),

-- An id that another source tells is of the only account that gives such ids, else of the one where it is found.
only_accounts as (

    select
        business,
        kind,
        min(account) as account,
        min(source) as source,
        min(account) = max(account) as is_only_one
    from issuers
    group by business, kind

),

told as (

    select distinct
        records.record_number,
        records.record_key,
        records.business,
        records.source,
        records.account,
        pairs.pair ->> 0 as kind,
        pairs.pair ->> 1 as value
    from records
    cross join jsonb_array_elements(records.identifiers) as pairs (pair)
    where records.identifiers is not null

),

-- Where several accounts give such ids: the one that has a row with this id, if it is only one.
known_accounts as (

    select
        told.business,
        told.kind,
        told.value,
        min(issuers.account) as account
    from told
    inner join only_accounts
        on told.business = only_accounts.business and told.kind = only_accounts.kind and not only_accounts.is_only_one
    inner join issuers on told.business = issuers.business and told.kind = issuers.kind
    where
        told.source <> issuers.source
        and (
            exists (
                select from records as issued
                where issued.record_key = issuers.source || ':' || issuers.stream || ':' || issuers.account || ':' || told.value
            )
            {%- if not is_full_run() %}
            or exists (
                select from {{ standing('int_identity__records') }} as issued
                where issued.record_key = issuers.source || ':' || issuers.stream || ':' || issuers.account || ':' || told.value
            )
            {%- endif %}
        )
    group by told.business, told.kind, told.value
    having min(issuers.account) = max(issuers.account)

),

found as (

    select {{ 'distinct' if folds_gmail() else 'all' }}
        records.record_number,
        records.record_key,
        records.business,
        records.account,
        'email' as kind,
        {{ compared_email('addresses.email') }} as value,
        null as told_id
    from records
    cross join unnest(records.emails) as addresses (email)
    union all
    select
        records.record_number,
        records.record_key,
        records.business,
        records.account,
        'phone_e164' as kind,
        numbers.phone as value,
        null as told_id
    from records
    cross join unnest(records.phones) as numbers (phone)
    union all
    select
        told.record_number,
        told.record_key,
        told.business,
        case
            when only_accounts.source = told.source then told.account
            when only_accounts.is_only_one then only_accounts.account
            else coalesce(known_accounts.account, told.account)
        end as account,
        told.kind,
        told.value,
        case when (only_accounts.source is distinct from told.source) then told.value end as told_id
    from told
    left join only_accounts on told.business = only_accounts.business and told.kind = only_accounts.kind
    left join known_accounts
        on told.business = known_accounts.business and told.kind = known_accounts.kind and told.value = known_accounts.value

),

ruled as (

    select
        found.record_number,
        found.record_key,
        found.business,
        found.kind,
        case when steps.is_per_account then found.account || '/' || found.value else found.value end as value,
        case when steps.is_per_account then found.told_id end as told_id,
        steps.step
    from found
    inner join steps on found.kind = steps.kind

),

-- Values that are not theirs, as somebody has decided, count nowhere.
identifiers as (

    select
        ruled.record_number,
        ruled.business,
        ruled.kind,
        ruled.value,
        ruled.told_id,
        {{ function('value_number') }}(ruled.step, ruled.business, ruled.value) as value_number
    from ruled
    where not exists (
        select from decisions
        where
            decisions.decision = 'not_theirs'
            and decisions.record_key = ruled.record_key
            and decisions.kind = ruled.kind
            -- An id that another source tells is the same id in whatever account it turns out to be.
            and (
                decisions.value = ruled.value
                or substr(decisions.value, strpos(decisions.value, '/') + 1) = ruled.told_id
            )
    )

)

select * from identifiers
