{{ config(materialized='ephemeral') }}

-- depends_on: {{ ref('int_identity__changed') }}
-- depends_on: {{ ref('int_run') }}
with

imports as (

    select * from {{ ref('stg_csv__imports') }}
    {% if not is_full_run() %}
    where record_key in (select changed.record_key from {{ ref('int_identity__changed') }} as changed)
    {% endif %}

),

api_rows as (

    select * from {{ ref('int_identity__api_rows') }}

),

accounts as (

    select * from {{ ref('int_rules__accounts') }}

),

source_priority as (

    select * from {{ ref('int_rules__source_priority') }}

),

-- The other identifiers are staged only for kinds that have a rule.
ruled as (

    select
        coalesce(bool_or(kind = 'email'), false) as by_email,
        coalesce(bool_or(kind = 'phone_e164'), false) as by_phone
    from {{ ref('int_rules__kinds') }}

),

staged_rows as (

    select
        'csv' as source,
        'imports' as stream,
        kind,
        account,
        id,
        full_name,
        emails,
        phones,
        identifiers,
        country,
        consent_email,
        consent_sms,
        consent_whatsapp,
        created_at,
        updated_at,
        true as is_person,
        _first_loaded_at,
        _deleted_at
    from imports
    union all
    select
        source,
        stream,
        stream as kind,
        account,
        id,
        full_name,
        emails,
        phones,
        identifiers,
        country,
        consent_email,
        consent_sms,
        consent_whatsapp,
        created_at,
        updated_at,
        is_person,
        _first_loaded_at,
        _deleted_at
    from api_rows

),

placed as (

    select
        staged_rows.source || ':' || staged_rows.stream || ':' || staged_rows.account || ':' || staged_rows.id as record_key,
        coalesce(accounts.business, 'main') as business,
        staged_rows.source,
        staged_rows.stream,
        staged_rows.kind,
        staged_rows.account,
        staged_rows.id,
        staged_rows.full_name,
        staged_rows.emails,
        staged_rows.phones,
        staged_rows.identifiers,
        staged_rows.is_person,
        staged_rows.is_person and (
            ruled.by_email and cardinality(staged_rows.emails) > 0
            or ruled.by_phone and cardinality(staged_rows.phones) > 0
            or staged_rows.identifiers is not null
        ) as is_record,
        staged_rows.country,
        staged_rows.consent_email,
        staged_rows.consent_sms,
        staged_rows.consent_whatsapp,
        staged_rows.created_at,
        staged_rows.updated_at,
        source_priority.priority as source_priority,
        staged_rows._first_loaded_at,
        staged_rows._deleted_at
    from staged_rows
    cross join ruled
    left join accounts on staged_rows.source = accounts.source and staged_rows.account = accounts.account
    left join source_priority on staged_rows.source = source_priority.source and staged_rows.kind = source_priority.kind

)

select * from placed
