{{ config(materialized='kept') }}

-- depends_on: {{ ref('int_run') }}
with

stripe_invoices as (

    select * from {{ ref('stg_stripe__invoices') }}

),

paypal_invoices as (

    select * from {{ ref('stg_paypal__invoices') }}

),

ghl_invoices as (

    select * from {{ ref('stg_ghl__invoices') }}

),

money_statuses as (

    select * from {{ ref('money_statuses') }}
    where about = 'invoices'

),

accounts as (

    select * from {{ ref('int_rules__accounts') }}

),

currencies as (

    select * from {{ ref('currencies') }}

),

told as (

    select
        'stripe' as provider,
        account,
        id,
        number,
        status,
        total,
        amount_due,
        amount_paid,
        currency,
        subscription_id,
        coalesce(finalized_at, created_at) as issued_at,
        due_at,
        paid_at,
        null as paid_by,
        'stripe:customers:' || account || ':' || customer_id as record_key,
        _deleted_at as deleted_at
    from stripe_invoices
    union all
    select
        'paypal' as provider,
        account,
        id,
        number,
        status,
        total,
        amount_due,
        amount_paid,
        currency,
        null as subscription_id,
        coalesce(issued_on::timestamp at time zone 'UTC', created_at) as issued_at,
        due_on::timestamp at time zone 'UTC' as due_at,
        null::timestamptz as paid_at,
        transaction_id as paid_by,
        'paypal:payers:' || account || ':' || email as record_key,
        _deleted_at as deleted_at
    from paypal_invoices
    union all
    select
        'ghl' as provider,
        account,
        id,
        number,
        status,
        total,
        amount_due,
        amount_paid,
        currency,
        null as subscription_id,
        coalesce(issued_on::timestamp at time zone 'UTC', created_at) as issued_at,
        due_on::timestamp at time zone 'UTC' as due_at,
        null::timestamptz as paid_at,
        null as paid_by,
        'ghl:contacts:' || account || ':' || contact_id as record_key,
        _deleted_at as deleted_at
    from ghl_invoices

),

placed as (

    select
        told.*,
        coalesce(accounts.business, 'main') as business,
        coalesce(accounts.business, 'main') || ':' || told.provider || ':' || told.paid_by as payment_key
    from told
    left join accounts on told.provider = accounts.source and told.account = accounts.account

),

paying as (

    select distinct payment_key from placed
    where payment_key is not null

),

payers as (

    select distinct on (payment_key)
        payment_key,
        record_key
    from {{ current(ref('int_money__movements'), of='paying', by='payment_key') }} as movements
    where record_key is not null and kind = 'charge' and payment_key in (select paying.payment_key from paying)
    order by payment_key asc, record_key collate "C" asc

),

invoices as (

    select
        placed.provider || ':invoices:' || placed.account || ':' || placed.id as invoice_key,
        placed.business,
        placed.provider,
        placed.account,
        placed.id,
        placed.number,
        coalesce(money_statuses.status, 'unknown') as status,
        placed.status as provider_status,
        round(placed.total, coalesce(currencies.decimals, 2)) as total,
        round(placed.amount_due, coalesce(currencies.decimals, 2)) as amount_due,
        round(placed.amount_paid, coalesce(currencies.decimals, 2)) as amount_paid,
        placed.currency,
        placed.subscription_id,
        placed.issued_at,
        placed.due_at,
        placed.paid_at,
        coalesce(payers.record_key, placed.record_key) as record_key,
        placed.deleted_at
    from placed
    left join money_statuses on lower(placed.status) = money_statuses.word
    left join currencies on placed.currency = currencies.currency
    left join payers on placed.payment_key = payers.payment_key

)

select * from invoices
