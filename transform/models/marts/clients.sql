{{ config(scope='int_identity__touched_clients', scope_key='client_id') }}

-- depends_on: {{ ref('int_run') }}
-- depends_on: {{ ref('int_identity__touched_clients') }}
with

winners as (

    select * from {{ ref('int_identity__winners') }}

),

-- One row per client for whom somebody has decided a value.
chosen as (

    select
        {% for field in ['name', 'email', 'phone', 'country', 'consent_email', 'consent_sms', 'consent_whatsapp'] %}
        min(value) filter (where field = '{{ field }}') as {{ field }},
        {% endfor %}
        client_id
    from {{ ref('int_identity__chosen') }}
    group by client_id

),

clusters as (

    select
        record_number,
        client_id
    from {{ next_version(ref('int_identity__clusters')) }}

),

identifiers as (

    select
        record_number,
        kind,
        value,
        value_number
    from {{ current(ref('int_identity__identifiers'), of=ref('int_identity__touched'), by='record_number') }} as identifiers
    where kind not in ('email', 'phone_e164')

),

blocked as (

    select value_number from {{ current(ref('int_identity__excluded')) }} as excluded
    where reason = 'blocked'

),

ids_by_kind as (

    select
        clusters.client_id,
        identifiers.kind,
        jsonb_agg(distinct identifiers.value) as ids
    from identifiers
    inner join clusters on identifiers.record_number = clusters.record_number
    where identifiers.value_number not in (select blocked.value_number from blocked)
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
        contested.client_id,
        count(*) as open_conflicts
    from {{ next_version(ref('merge_conflicts')) }} as merge_conflicts
    cross join unnest(merge_conflicts.client_ids) as contested (client_id)
    where merge_conflicts.status = 'open'
    group by contested.client_id

),

spending as (

    select
        client_id,
        jsonb_object_agg(currency, amount) as lifetime_value,
        sum(payment_count)::bigint as payment_count,
        min(first_paid_at) as first_paid_at,
        max(last_paid_at) as last_paid_at
    from {{ ref('int_money__client_spending') }}
    group by client_id

),

subscriptions as (

    select * from {{ ref('int_money__client_subscriptions') }}

),

clients as (

    select
        winners.client_id,
        winners.business,
        coalesce(chosen.name, winners.name) as name,
        coalesce(chosen.email, winners.emails[1]) as email,
        coalesce(chosen.phone, winners.phones[1]) as phone,
        winners.emails,
        winners.emails_from,
        winners.phones,
        winners.phones_from,
        coalesce(ids.ids, '{}') as ids,
        coalesce(chosen.country, winners.country) as country,
        coalesce(chosen.consent_email::boolean, winners.consent_email) as consent_email,
        coalesce(chosen.consent_sms::boolean, winners.consent_sms) as consent_sms,
        coalesce(chosen.consent_whatsapp::boolean, winners.consent_whatsapp) as consent_whatsapp,
        winners.sources,
        winners.record_count,
        winners.first_seen,
        winners.last_seen,
        winners.is_deleted,
        coalesce(spending.lifetime_value, '{}') as lifetime_value,
        coalesce(spending.payment_count, 0) as payment_count,
        spending.first_paid_at,
        spending.last_paid_at,
        subscriptions.status as subscription_status,
        coalesce(contests.open_conflicts, 0) as open_conflicts
    from winners
    left join chosen on winners.client_id = chosen.client_id
    left join ids on winners.client_id = ids.client_id
    left join spending on winners.client_id = spending.client_id
    left join subscriptions on winners.client_id = subscriptions.client_id
    left join contests on winners.client_id = contests.client_id

)

select * from clients
