{{ config(materialized='ephemeral') }}

-- depends_on: {{ ref('int_money__changed_rows') }}
with

imports as (

    select * from {{ ref('stg_csv__imports') }}
    {% if not is_full_run() %}
    where
        record_key in (
            select changed_rows.row_key from {{ ref('int_money__changed_rows') }} as changed_rows
            where changed_rows.source = 'csv'
        )
    {% endif %}

),

payments as (

    select
        account,
        id,
        split_part(id, ':', 2) as own_id,
        kind,
        record_key,
        movement,
        reference_id,
        status,
        amount,
        currency,
        amount_refunded,
        converted_amount,
        converted_currency,
        fee,
        created_at,
        updated_at,
        _deleted_at
    from imports
    where kind in ('hotmart_sales', 'paypal_activity', 'stripe_payments')

),

paypal_words as (

    select distinct movement from payments

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
        payments.*,
        case
            when payments.kind <> 'paypal_activity' then 'charge'
            when paypal_kinds.kind = 'charge' and payments.amount < 0 then 'transfer'
            else coalesce(paypal_kinds.kind, 'other')
        end as movement_kind
    from payments
    left join paypal_kinds on payments.movement = paypal_kinds.movement

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
