{{ config(materialized='ephemeral') }}

with

imports as (

    select
        *,
        split_part(id, ':', 2) as own_id
    from {{ ref('stg_csv__imports') }}
    where kind in ('hotmart_sales', 'paypal_activity', 'stripe_payments')

),

paypal_words as (

    select distinct movement from imports

),

paypal_kinds as (

    select distinct on (paypal_words.movement)
        paypal_words.movement,
        paypal_kinds.kind
    from paypal_words
    inner join {{ ref('paypal_kinds') }} as paypal_kinds
        on paypal_kinds.place = 'words' and paypal_words.movement like paypal_kinds.pattern
    order by paypal_words.movement, paypal_kinds.priority, paypal_kinds.pattern

),

kinds as (

    select
        imports.*,
        case
            when imports.kind <> 'paypal_activity' then 'charge'
            when paypal_kinds.kind = 'charge' and imports.amount < 0 then 'transfer'
            else coalesce(paypal_kinds.kind, 'other')
        end as movement_kind
    from imports
    left join paypal_kinds on imports.movement = paypal_kinds.movement

),

told as (

    select
        'csv' as source,
        'imports' as stream,
        kinds.account,
        kinds.id,
        split_part(kinds.kind, '_', 1) as provider,
        case when kinds.kind = 'hotmart_sales' then substr(kinds.id, 15) else kinds.own_id end as payment_id,
        kinds.reference_id,
        case when kinds.kind = 'paypal_activity' then kinds.id end as told_id,
        'main' as leg,
        2 as teller,
        kinds.kind <> 'paypal_activity' as tells_returns,
        kinds.movement_kind as kind,
        'transactions' as about,
        coalesce(kinds.status, 'completed') as word,
        kinds.amount,
        kinds.currency,
        kinds.amount_refunded as amount_returned,
        case when kinds.kind = 'paypal_activity' then -kinds.fee else kinds.fee end as fee,
        case
            when kinds.kind = 'paypal_activity' then kinds.amount + coalesce(kinds.fee, 0)
            else kinds.converted_amount - kinds.fee
        end as net,
        coalesce(kinds.converted_currency, case when kinds.fee is not null then kinds.currency end) as balance_currency,
        false as is_test,
        kinds.created_at as occurred_at,
        coalesce(kinds.updated_at, kinds.created_at) as returned_at,
        case when kinds.movement_kind = 'charge' then kinds.record_key end as record_key,
        null as receiver_key,
        kinds._deleted_at as deleted_at
    from kinds

)

select * from told
