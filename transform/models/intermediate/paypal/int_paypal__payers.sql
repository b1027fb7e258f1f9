{{ config(materialized='kept') }}

-- On outgoing payments the counterparty is the receiver, who is no client for that.
-- depends_on: {{ ref('int_run') }}
with

payments as (

    select
        *,
        coalesce(payer_account_id, email) as payer_id
    from {{ ref('stg_paypal__transactions') }}
    where is_incoming and coalesce(payer_account_id, email) is not null

),

emails as (

    select
        account,
        payer_id,
        email,
        max(created_at) as last_paid_at
    from payments
    where email is not null
    group by account, payer_id, email

),

emails_listed as (

    select
        account,
        payer_id,
        array_agg(email order by last_paid_at desc nulls last, email asc) as emails
    from emails
    group by account, payer_id

),

phones as (

    select
        payments.account,
        payments.payer_id,
        numbers.phone,
        max(payments.created_at) as last_paid_at
    from payments
    cross join unnest(payments.phones) as numbers (phone)
    group by payments.account, payments.payer_id, numbers.phone

),

phones_listed as (

    select
        account,
        payer_id,
        array_agg(phone order by last_paid_at desc nulls last, phone asc) as phones
    from phones
    group by account, payer_id

),

summed as (

    select
        account,
        payer_id,
        (array_agg(full_name order by created_at desc nulls last, id asc) filter (where full_name is not null))[1] as full_name,
        (array_agg(country order by created_at desc nulls last, id asc) filter (where country is not null))[1] as country,
        count(*) as payment_count,
        min(created_at) as created_at,
        max(coalesce(updated_at, created_at)) as updated_at,
        min(_first_loaded_at) as _first_loaded_at,
        case when bool_and(_deleted_at is not null) then max(_deleted_at) end as _deleted_at
    from payments
    group by account, payer_id

),

told as (

    select
        summed.account,
        summed.payer_id as id,
        summed.full_name,
        coalesce(emails_listed.emails, '{}') as emails,
        coalesce(phones_listed.phones, '{}') as phones,
        summed.country,
        summed.payment_count,
        summed.created_at,
        summed.updated_at,
        summed._first_loaded_at,
        summed._deleted_at
    from summed
    left join emails_listed on summed.account = emails_listed.account and summed.payer_id = emails_listed.payer_id
    left join phones_listed on summed.account = phones_listed.account and summed.payer_id = phones_listed.payer_id

),

-- Once a record, always a record: who was known by an e-mail and got an account id since, is still found by the old key.
left_behind as (

    {% if execute and load_relation(this) is not none %}
    select
        standing.account,
        standing.id,
        standing.full_name,
        standing.emails,
        standing.phones,
        standing.country,
        standing.payment_count,
        standing.created_at,
        standing.updated_at,
        standing._first_loaded_at,
        standing._deleted_at
    from {{ this }} as standing
    where
        not exists (
            select from told
            where told.account = standing.account and told.id = standing.id
        )
    {% else %}
    select * from told
    where false
    {% endif %}

),

payers as (

    select * from told
    union all
    select * from left_behind

)

select * from payers
