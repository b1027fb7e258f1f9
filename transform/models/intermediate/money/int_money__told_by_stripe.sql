{{ config(materialized='ephemeral') }}

-- depends_on: {{ ref('int_money__changed_rows') }}
with

charges as (

    {{ money_rows('stripe', 'charges', ref('stg_stripe__charges')) }}

),

refunds as (

    {{ money_rows('stripe', 'refunds', ref('stg_stripe__refunds')) }}

),

disputes as (

    {{ money_rows('stripe', 'disputes', ref('stg_stripe__disputes')) }}

),

balance_transactions as (

    select * from {{ ref('stg_stripe__balance_transactions') }}

),

movements as (

    select
        'charges' as stream,
        account,
        id,
        id as payment_id,
        'main' as leg,
        'charge' as kind,
        'transactions' as about,
        case when status = 'succeeded' and not is_captured then 'uncaptured' else status end as word,
        coalesce(nullif(amount_captured, 0), amount) as amount,
        currency,
        balance_transaction_id,
        created_at as occurred_at,
        case
            when customer_id is null then 'stripe:charges:' || account || ':' || id
            else 'stripe:customers:' || account || ':' || customer_id
        end as record_key,
        _deleted_at as deleted_at
    from charges
    union all
    select
        'refunds' as stream,
        account,
        id,
        coalesce(charge_id, id) as payment_id,
        'back' as leg,
        'refund' as kind,
        'transactions' as about,
        status as word,
        -amount as amount,
        currency,
        balance_transaction_id,
        created_at as occurred_at,
        null as record_key,
        _deleted_at as deleted_at
    from refunds
    union all
    select
        'disputes' as stream,
        account,
        id,
        coalesce(charge_id, id) as payment_id,
        'back' as leg,
        'dispute' as kind,
        'disputes' as about,
        status as word,
        -amount as amount,
        currency,
        null as balance_transaction_id,
        created_at as occurred_at,
        null as record_key,
        _deleted_at as deleted_at
    from disputes

),

told as (

    select
        'stripe' as source,
        movements.stream,
        movements.account,
        movements.id,
        'stripe' as provider,
        movements.payment_id,
        null as reference_id,
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
        null as receiver_key,
        movements.deleted_at
    from movements
    left join balance_transactions
        on
            movements.account = balance_transactions.account
            and movements.balance_transaction_id = balance_transactions.id

)

select * from told
