with

records as (

    select * from {{ ref('int_identity__records') }}

),

clusters as (

    select * from {{ ref('int_identity__clusters') }}

),

blocked_identifiers as (

    select distinct
        kind,
        value
    from {{ ref('blocked_identifiers') }}

),

placed as (

    select
        clusters.client_id,
        records.value_rank,
        records.full_name,
        records.emails,
        records.phones,
        records.country,
        records.consent_email,
        records.consent_sms,
        records.consent_whatsapp,
        records._deleted_at
    from records
    inner join clusters on records.record_number = clusters.record_number

),

offered as (

    select
        client_id,
        'name' as field,
        full_name as value,
        value_rank,
        1 as place,
        _deleted_at
    from placed
    where full_name is not null
    union all
    select
        placed.client_id,
        'email' as field,
        addresses.email as value,
        placed.value_rank,
        addresses.place,
        placed._deleted_at
    from placed
    cross join unnest(placed.emails) with ordinality as addresses (email, place)
    left join blocked_identifiers as blocked on blocked.kind = 'email' and addresses.email = blocked.value
    where blocked.value is null
    union all
    select
        placed.client_id,
        'phone' as field,
        numbers.phone as value,
        placed.value_rank,
        numbers.place,
        placed._deleted_at
    from placed
    cross join unnest(placed.phones) with ordinality as numbers (phone, place)
    left join blocked_identifiers as blocked on blocked.kind = 'phone_e164' and numbers.phone = blocked.value
    where blocked.value is null
    {%- for field in ['country', 'consent_email', 'consent_sms', 'consent_whatsapp'] %}
    union all
    select
        client_id,
        '{{ field }}' as field,
        {{ field }}::text as value,
        value_rank,
        1 as place,
        _deleted_at
    from placed
    where {{ field }} is not null
    {%- endfor %}

),

distinct_values as (

    select
        client_id,
        field,
        value,
        min(value_rank) as value_rank,
        min(place) as place,
        bool_and(_deleted_at is not null) as is_only_deleted
    from offered
    group by client_id, field, value

),

-- A deleted record gives values only where no live record has one.
given as (

    select
        *,
        bool_and(is_only_deleted) over (partition by client_id, field) as are_all_deleted
    from distinct_values

),

ranked as (

    select
        client_id,
        field,
        value,
        row_number() over (partition by client_id, field order by value_rank, place, value collate "C") as place
    from given
    where are_all_deleted or not is_only_deleted

)

select * from ranked
