with

charges as (

    select * from {{ ref('stg_stripe__charges') }}

),

invoice_payments as (

    select * from {{ ref('stg_stripe__invoice_payments') }}

),

accounts as (

    select * from {{ ref('int_rules__accounts') }}

),

-- Of the attempts at one payment intent, the one that went through stands for it.
by_intent as (

    select distinct on (account, payment_intent_id)
        account,
        payment_intent_id as name,
        id as charge_id
    from charges
    where payment_intent_id is not null
    order by account asc, payment_intent_id asc, status = 'succeeded' desc, created_at desc nulls last, id collate "C" asc

),

by_invoice as (

    select
        invoice_payments.account,
        invoice_payments.invoice_id as name,
        coalesce(invoice_payments.charge_id, by_intent.charge_id) as charge_id
    from invoice_payments
    left join by_intent
        on invoice_payments.account = by_intent.account and invoice_payments.payment_intent_id = by_intent.name

),

names as (

    select * from by_intent
    union all
    select * from by_invoice

),

placed as (

    select
        coalesce(accounts.business, 'main') as business,
        names.name,
        names.charge_id
    from names
    left join accounts on accounts.source = 'stripe' and names.account = accounts.account
    where names.name is not null and names.charge_id is not null

),

stripe_names as (

    select
        business,
        name,
        min(charge_id collate "C") as charge_id
    from placed
    group by business, name

)

select * from stripe_names
