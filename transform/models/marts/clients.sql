with

records as (

    select * from {{ ref('int_identity__records') }}

),

clusters as (

    select * from {{ ref('int_identity__clusters') }}

),

identifiers as (

    select * from {{ ref('int_identity__identifiers') }}

),

values_ranked as (

    select * from {{ ref('int_identity__values_ranked') }}

),

conflicts as (

    select * from {{ ref('int_identity__conflicts') }}

),

summed as (

    select
        clusters.client_id,
        min(records.business) as business,
        array_agg(distinct records.source || '/' || records.kind) as sources,
        count(*) as record_count,
        min(coalesce(records.created_at, records._first_loaded_at)) as first_seen,
        max(coalesce(greatest(records.updated_at, records.created_at), records._first_loaded_at)) as last_seen,
        bool_and(records._deleted_at is not null) as is_deleted
    from clusters
    inner join records on clusters.record_number = records.record_number
    group by clusters.client_id

),

winners as (

    select
        client_id,
        min(value) filter (where field = 'name' and place = 1) as name,
        array_agg(value order by place) filter (where field = 'email') as emails,
        array_agg(value order by place) filter (where field = 'phone') as phones,
        min(value) filter (where field = 'country' and place = 1) as country,
        bool_or(value::boolean) filter (where field = 'consent_email' and place = 1) as consent_email,
        bool_or(value::boolean) filter (where field = 'consent_sms' and place = 1) as consent_sms,
        bool_or(value::boolean) filter (where field = 'consent_whatsapp' and place = 1) as consent_whatsapp
    from values_ranked
    group by client_id

),

ids_by_kind as (

    select
        clusters.client_id,
        identifiers.kind,
        jsonb_agg(distinct identifiers.value) as ids
    from identifiers
    inner join clusters on identifiers.record_number = clusters.record_number
    where identifiers.kind not in ('email', 'phone_e164') and not identifiers.is_blocked
    group by clusters.client_id, identifiers.kind

),

ids as (

    select
        client_id,
        jsonb_object_agg(kind, ids) as ids
    from ids_by_kind
    group by client_id

),

contests as (

    select
        client_id,
        count(*) as open_conflicts
    from conflicts
    group by client_id

),

clients as (

    select
        summed.client_id,
        summed.business,
        winners.name,
        winners.emails[1] as email,
        winners.phones[1] as phone,
        coalesce(winners.emails, '{}') as emails,
        coalesce(winners.phones, '{}') as phones,
        coalesce(ids.ids, '{}') as ids,
        winners.country,
        winners.consent_email,
        winners.consent_sms,
        winners.consent_whatsapp,
        summed.sources,
        summed.record_count,
        summed.first_seen,
        summed.last_seen,
        summed.is_deleted,
        coalesce(contests.open_conflicts, 0) as open_conflicts
    from summed
    left join winners on summed.client_id = winners.client_id
    left join ids on summed.client_id = ids.client_id
    left join contests on summed.client_id = contests.client_id

)

select * from clients
