{{
    config(
        materialized='kept',
        scope='int_identity__changed',
        scope_key='record_number',
        indexes=[
            {'columns': ['record_number'], 'unique': true},
            {'columns': ['record_key'], 'unique': true},
        ]
    )
}}

-- depends_on: {{ ref('int_identity__changed') }}
-- depends_on: {{ ref('int_run') }}
with

staged_rows as (

    select * from {{ ref('int_identity__staged_rows') }}

),

records as (

    select
        {% if is_full_run() %}
        row_number() over (
            order by staged_rows._first_loaded_at asc, staged_rows.record_key collate "C" asc -- noqa: RF03
        ) as record_number,
        {% else %}
        changed.record_number,
        {% endif %}
        staged_rows.record_key,
        {{ function('derive_uuid') }}(staged_rows.record_key) as alias_client_id,
        staged_rows.business,
        staged_rows.source,
        staged_rows.stream,
        staged_rows.kind,
        staged_rows.account,
        staged_rows.id,
        staged_rows.full_name,
        staged_rows.emails,
        staged_rows.phones,
        staged_rows.identifiers,
        staged_rows.country,
        staged_rows.consent_email,
        staged_rows.consent_sms,
        staged_rows.consent_whatsapp,
        staged_rows.created_at,
        staged_rows.updated_at,
        staged_rows.source_priority,
        staged_rows._first_loaded_at,
        staged_rows._deleted_at
    from staged_rows
    {% if not is_full_run() %}
    inner join {{ ref('int_identity__changed') }} as changed on staged_rows.record_key = changed.record_key
    {% endif %}
    where staged_rows.is_record or {{ was_published('staged_rows.record_key') }}

)

select * from records
