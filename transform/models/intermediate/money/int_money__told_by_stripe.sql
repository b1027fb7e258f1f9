{{ config(materialized='ephemeral') }}

with

charges as (

    select
        *,
        case
            when customer_id is null then 'stripe:charges:' || account || ':' || id
            else 'stripe:customers:' || account || ':' || customer_id
        end as record_key
    from {{ ref('stg_stripe__charges') }}

),

refunds as (

    select * from {{ ref('stg_stripe__refunds') }}

),

disputes as (

    select * from {{ ref('stg_stripe__disputes') }}

),

balance_transactions as (

    select * from {{ ref('stg_stripe__balance_transactions') }}

),

movements as (

    select
        'charges' as stream,
        charges.account,
        charges.id,
        charges.id as payment_id,
        'main' as leg,
        'charge' as kind,
        'transactions' as about,
        case when charges.status = 'succeeded' and not charges.is_captured then 'uncaptured' else charges.status end as word,
        coalesce(nullif(charges.amount_captured, 0), charges.amount) as amount,
        charges.currency,
        charges.balance_transaction_id,
        charges.created_at as occurred_at,
        charges.record_key,
        charges._deleted_at as deleted_at
    from charges
    union all
    -- What was only authorised is let go, not given back.
    select
        'refunds' as stream,
        refunds.account,
        refunds.id,
        coalesce(refunds.charge_id, refunds.id) as payment_id,
        'back' as leg,
        case when charges.is_captured is false then 'memo' else 'refund' end as kind,
        'transactions' as about,
        refunds.status as word,
        - refunds.amount as amount,
        refunds.currency,
        refunds.balance_transaction_id,
        refunds.created_at as occurred_at,
        charges.record_key,
        refunds._deleted_at as deleted_at
    from refunds
    left join charges on refunds.account = charges.account and refunds.charge_id = charges.id
    union all
    select
        'disputes' as stream,
        disputes.account,
        disputes.id,
        coalesce(disputes.charge_id, disputes.id) as payment_id,
        'back' as leg,
        'dispute' as kind,
        'disputes' as about,
        disputes.status as word,
        - disputes.amount as amount,
        disputes.currency,
        null as balance_transaction_id,
        disputes.created_at as occurred_at,
        charges.record_key,
        disputes._deleted_at as deleted_at
    from disputes
    left join charges on disputes.account = charges.account and disputes.charge_id = charges.id

),

told as (

    select
        'stripe' as source,
        movements.stream,
        movements.account,
        movements.id,
        'stripe' as provider,
        movements.payment_id,
        movements.id as told_id,
        movements.leg,
        1 as teller,
        false as tells_returns,
        movements.kind,
        movements.about,
        movements.word,
        movements.amount,
        movements.currency,
        null::numeric as amount_returned,
        balance_transactions.fee,
        balance_transactions.net,
        balance_transactions.currency as balance_currency,
        false as is_test,
        movements.occurred_at,
        null::timestamptz as returned_at,
        movements.record_key,
        movements.deleted_at
    from movements
    left join balance_transactions
        on
            movements.account = balance_transactions.account
            and movements.balance_transaction_id = balance_transactions.id

)

select * from told
