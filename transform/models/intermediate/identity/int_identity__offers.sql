{#- What does each record offer to its client, and in which order do the client's records have their say? -#}
{%- set hidden = 'blocked_lists.emails || withdrawn.hidden' %}

-- depends_on: {{ ref('int_rules__options') }}
-- depends_on: {{ ref('int_identity__records') }}
-- depends_on: {{ ref('int_identity__touched') }}
-- depends_on: {{ ref('int_run') }}
with

decisions as (

    select * from {{ next_version(ref('int_decisions')) }}

),

blocked as (

    select
        kind,
        value
    from {{ ref('int_rules__blocked') }}
    union
    select
        kind,
        value
    from decisions
    where decision = 'blocked'

),

blocked_lists as (

    select
        coalesce(array_agg(value) filter (where kind = 'email'), '{}') as emails,
        coalesce(array_agg(value) filter (where kind = 'phone_e164'), '{}') as phones
    from blocked

),

withdrawn as (

    select
        record_key,
        array_agg(value) as hidden
    from decisions
    where decision = 'not_theirs'
    group by record_key

),

clusters as not materialized (

    select
        record_number,
        client_number,
        client_id,
        is_linked
    from {{ next_version(ref('int_identity__clusters')) }}

),

records as not materialized (

    select *
    {% if is_full_run() %}
    from {{ next_version(ref('int_identity__records')) }}
    {% else %}
    from {{ current(ref('int_identity__records'), of=ref('int_identity__touched'), by='record_number') }} as records
    {% endif %}

),

places as (

    select
        records.record_number,
        row_number() over (
            partition by clusters.client_number
            order by
                records._deleted_at is not null asc,
                records.source_priority asc nulls last,
                records.updated_at desc nulls last,
                records.created_at desc nulls last,
                records.record_key collate "C" asc
        ) as place
    from records
    inner join clusters on records.record_number = clusters.record_number
    where clusters.is_linked

),

offers as (

    select
        clusters.client_number,
        clusters.client_id,
        clusters.is_linked,
        records.record_number,
        records.record_key,
        records.business,
        records.source,
        records.source || '/' || records.kind as origin,
        records.full_name as name,
        case
            when {{ 'cardinality(records.emails) > 0' if folds_gmail() else 'records.emails && (' ~ hidden ~ ')' }}
                then array(
                    select addresses.email from unnest(records.emails) with ordinality as addresses (email, place)
                    where {{ compared_email('addresses.email') }} <> all({{ hidden }})
                    order by addresses.place
                )
            else coalesce(records.emails, '{}')
        end as emails,
        case
            when records.phones && (blocked_lists.phones || withdrawn.hidden)
                then array(
                    select numbers.phone from unnest(records.phones) with ordinality as numbers (phone, place)
                    where numbers.phone <> all(blocked_lists.phones || withdrawn.hidden)
                    order by numbers.place
                )
            else coalesce(records.phones, '{}')
        end as phones,
        records.country,
        records.consent_email,
        records.consent_sms,
        records.consent_whatsapp,
        coalesce(records.created_at, records._first_loaded_at) as first_seen,
        coalesce(greatest(records.updated_at, records.created_at), records._first_loaded_at) as last_seen,
        records._deleted_at is not null as is_deleted,
        coalesce(places.place, 1) as place
    from records
    inner join clusters on records.record_number = clusters.record_number
    cross join blocked_lists
    left join places on clusters.record_number = places.record_number
    left join withdrawn on records.record_key = withdrawn.record_key

)

select * from offers
