{{ config(materialized='ephemeral') }}

-- depends_on: {{ ref('int_money__changed_rows') }}
with

report as (

    {{ money_rows('paypal', 'transactions', ref('stg_paypal__transactions')) }}

),

transactions as (

    select
        *,
        'paypal:payers:' || account || ':' || coalesce(payer_account_id, email) as counterparty_key
    from report

),

codes as (

    select distinct event_code from transactions

),

kinds as (

    select distinct on (codes.event_code)
        codes.event_code,
        paypal_kinds.kind
    from codes
    inner join {{ ref('paypal_kinds') }} as paypal_kinds
        on paypal_kinds.place = 'code' and codes.event_code like paypal_kinds.pattern
    order by codes.event_code, paypal_kinds.priority, paypal_kinds.pattern

),

told as (

    select
        'paypal' as source,
        'transactions' as stream,
        transactions.account,
        transactions.id,
        'paypal' as provider,
        coalesce(transactions.transaction_id, transactions.id) as payment_id,
        transactions.reference_id,
        transactions.id as told_id,
        'main' as leg,
        1 as teller,
        false as tells_returns,
        case
            when kinds.kind = 'charge' and transactions.amount < 0 then 'transfer'
            else coalesce(kinds.kind, 'other')
        end as kind,
        'transactions' as about,
        transactions.status as word,
        transactions.amount,
        transactions.currency,
        null::numeric as amount_returned,
        -transactions.fee as fee,
        case
            when coalesce(transactions.fee_currency, transactions.currency) = transactions.currency
                then transactions.amount + coalesce(transactions.fee, 0)
        end as net,
        coalesce(transactions.fee_currency, transactions.currency) as balance_currency,
        false as is_test,
        transactions.created_at as occurred_at,
        null::timestamptz as returned_at,
        case when transactions.is_incoming then transactions.counterparty_key end as record_key,
        case when transactions.amount < 0 then transactions.counterparty_key end as receiver_key,
        transactions._deleted_at as deleted_at
    from transactions
    left join kinds on transactions.event_code = kinds.event_code

)

select * from told
