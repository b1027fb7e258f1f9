{{ config(materialized='ephemeral') }}

-- depends_on: {{ ref('int_money__changed_rows') }}
with

payment_transactions as (

    {{ money_rows('ghl', 'payment_transactions', ref('stg_ghl__payment_transactions')) }}

),

told as (

    select
        'ghl' as source,
        'payment_transactions' as stream,
        account,
        id,
        coalesce(lower(nullif(provider, '')), 'ghl') as provider,
        coalesce(nullif(charge_id, ''), id) as payment_id,
        null as reference_id,
        null as told_id,
        'main' as leg,
        3 as teller,
        true as tells_returns,
        'charge' as kind,
        'transactions' as about,
        status as word,
        amount,
        currency,
        amount_refunded as amount_returned,
        null::numeric as fee,
        null::numeric as net,
        null as balance_currency,
        coalesce(not is_live, false) as is_test,
        coalesce(fulfilled_at, created_at) as occurred_at,
        coalesce(updated_at, fulfilled_at, created_at) as returned_at,
        'ghl:contacts:' || account || ':' || contact_id as record_key,
        null as receiver_key,
        _deleted_at as deleted_at
    from payment_transactions

)

select * from told
