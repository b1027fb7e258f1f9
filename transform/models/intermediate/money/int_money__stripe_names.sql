{{ config(materialized='ephemeral') }}

-- Files and GoHighLevel may know a charge of Stripe by its payment intent or its invoice.
with

placed as (

    select * from {{ ref('int_money__placed') }}

),

charges as (

    select * from {{ ref('stg_stripe__charges') }}

),

invoice_payments as (

    select * from {{ ref('stg_stripe__invoice_payments') }}

),

accounts as (

    select * from {{ ref('int_rules__accounts') }}

),

intents as (

    select distinct
        business,
        payment_id as known_as,
        payment_id as payment_intent_id
    from placed
    where teller > 1 and provider = 'stripe' and payment_id like 'pi\_%'

),

invoices as (

    select distinct
        placed.business,
        placed.payment_id as known_as,
        invoice_payments.account,
        invoice_payments.charge_id,
        invoice_payments.payment_intent_id
    from placed
    inner join invoice_payments on placed.payment_id = invoice_payments.invoice_id
    where placed.teller > 1 and placed.provider = 'stripe'

),

known_charges as (

    select
        intents.business,
        intents.known_as,
        charges.account,
        charges.id,
        charges.status = 'succeeded' as is_paid
    from intents
    inner join charges on intents.payment_intent_id = charges.payment_intent_id
    union all
    select
        invoices.business,
        invoices.known_as,
        invoices.account,
        invoices.charge_id as id,
        true as is_paid
    from invoices
    where invoices.charge_id is not null
    union all
    select
        invoices.business,
        invoices.known_as,
        charges.account,
        charges.id,
        charges.status = 'succeeded' as is_paid
    from invoices
    inner join charges
        on invoices.account = charges.account and invoices.payment_intent_id = charges.payment_intent_id

),

known_in_business as (

    select known_charges.*
    from known_charges
    left join accounts on accounts.source = 'stripe' and known_charges.account = accounts.account
    where known_charges.business = coalesce(accounts.business, 'main')

),

-- Of the attempts at one payment, the one that went through stands for it.
stripe_names as (

    select distinct on (business, known_as)
        business,
        known_as,
        id as charge_id
    from known_in_business
    order by business asc, known_as asc, is_paid desc, id collate "C" asc

)

select * from stripe_names
