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

paypal_payers as (

    select distinct on (account, transaction_id)
        account,
        transaction_id,
        coalesce(payer_account_id, email) as payer_id
    from {{ ref('stg_paypal__transactions') }}
    where is_incoming and transaction_id is not null
    order by account asc, transaction_id asc, id collate "C" asc

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
        'stripe:customers:' || account || ':' || customer_id as record_key,
        _deleted_at as deleted_at
    from stripe_invoices
    union all
    select
        'paypal' as provider,
        paypal_invoices.account,
        paypal_invoices.id,
        paypal_invoices.number,
        paypal_invoices.status,
        paypal_invoices.total,
        paypal_invoices.amount_due,
        paypal_invoices.amount_paid,
        paypal_invoices.currency,
        null as subscription_id,
        coalesce(paypal_invoices.issued_on::timestamp at time zone 'UTC', paypal_invoices.created_at) as issued_at,
        paypal_invoices.due_on::timestamp at time zone 'UTC' as due_at,
        null::timestamptz as paid_at,
        'paypal:payers:' || paypal_invoices.account || ':'
        || coalesce(paypal_payers.payer_id, paypal_invoices.email) as record_key,
        paypal_invoices._deleted_at as deleted_at
    from paypal_invoices
    left join paypal_payers
        on paypal_invoices.account = paypal_payers.account and paypal_invoices.transaction_id = paypal_payers.transaction_id
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
        'ghl:contacts:' || account || ':' || contact_id as record_key,
        _deleted_at as deleted_at
    from ghl_invoices

),

invoices as (

    select
        told.provider || ':invoices:' || told.account || ':' || told.id as invoice_key,
        coalesce(accounts.business, 'main') as business,
        told.provider,
        told.account,
        told.id,
        told.number,
        coalesce(money_statuses.status, 'unknown') as status,
        told.status as provider_status,
        round(told.total, coalesce(currencies.decimals, 2)) as total,
        round(told.amount_due, coalesce(currencies.decimals, 2)) as amount_due,
        round(told.amount_paid, coalesce(currencies.decimals, 2)) as amount_paid,
        told.currency,
        told.subscription_id,
        told.issued_at,
        told.due_at,
        told.paid_at,
        told.record_key,
        told.deleted_at
    from told
    left join accounts on told.provider = accounts.source and told.account = accounts.account
    left join money_statuses on lower(told.status) = money_statuses.word
    left join currencies on told.currency = currencies.currency

)

select * from invoices
