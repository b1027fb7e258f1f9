{{
    config(
        materialized='kept',
        scope='int_money__changed_rows',
        scope_key='row_key',
        indexes=[
            {'columns': ['row_key']},
            {'columns': ['payment_key']},
            {'columns': ['reference_key'], 'where': 'reference_key is not null'},
            {'columns': ['known_as'], 'where': 'teller > 1'},
        ]
    )
}}

-- depends_on: {{ ref('int_money__changed_rows') }}
-- depends_on: {{ ref('int_run') }}
with

placed as (

    select * from {{ ref('int_money__placed') }}

),

stripe_names as (

    select * from {{ ref('int_money__stripe_names') }}

),

currencies as (

    select * from {{ ref('currencies') }}

),

named as (

    select
        placed.*,
        coalesce(stripe_names.charge_id, placed.payment_id) as known_payment_id
    from placed
    left join stripe_names
        on
            placed.teller > 1
            and placed.provider = 'stripe'
            and placed.business = stripe_names.business
            and placed.payment_id = stripe_names.known_as

),

rows_told as (

    select
        row_key,
        row_key as transaction_key,
        business,
        provider,
        source,
        stream,
        account,
        id,
        known_payment_id,
        payment_id as known_as,
        reference_id,
        told_id,
        leg,
        teller,
        kind,
        case when told_status in ('returned', 'contested') then 'succeeded' else told_status end as status,
        word,
        amount,
        currency,
        fee,
        net,
        balance_currency,
        is_test,
        occurred_at,
        record_key,
        receiver_key,
        deleted_at
    from named
    union all
    -- A row that tells a payment and that it went back is two movements.
    select
        row_key,
        row_key || ':returned' as transaction_key,
        business,
        provider,
        source,
        stream,
        account,
        id,
        known_payment_id,
        payment_id as known_as,
        null as reference_id,
        told_id,
        'back' as leg,
        teller,
        case told_status when 'contested' then 'dispute' else 'refund' end as kind,
        'succeeded' as status,
        word,
        -least(amount, coalesce(nullif(amount_returned, 0), amount)) as amount,
        currency,
        null as fee,
        null as net,
        null as balance_currency,
        is_test,
        returned_at as occurred_at,
        record_key,
        receiver_key,
        deleted_at
    from named
    where
        tells_returns
        and (told_status in ('returned', 'contested') or told_status = 'succeeded' and amount_returned > 0)

),

all_told as (

    select
        rows_told.row_key,
        rows_told.transaction_key,
        rows_told.business || ':' || rows_told.provider || ':' || rows_told.known_payment_id as payment_key,
        rows_told.business || ':' || rows_told.provider || ':' || rows_told.reference_id as reference_key,
        rows_told.business,
        rows_told.provider,
        rows_told.source,
        rows_told.stream,
        rows_told.account,
        rows_told.id,
        rows_told.known_payment_id as payment_id,
        rows_told.known_as,
        rows_told.leg,
        coalesce(rows_told.told_id, rows_told.known_payment_id) as told_id,
        rows_told.teller,
        rows_told.kind,
        rows_told.status,
        rows_told.word as provider_status,
        round(rows_told.amount, coalesce(of_amount.decimals, 2)) as amount,
        rows_told.currency,
        round(rows_told.fee, coalesce(of_balance.decimals, 2)) as fee,
        round(rows_told.net, coalesce(of_balance.decimals, 2)) as net,
        rows_told.balance_currency,
        rows_told.is_test,
        rows_told.occurred_at,
        rows_told.record_key,
        rows_told.receiver_key,
        rows_told.deleted_at
    from rows_told
    left join currencies as of_amount on rows_told.currency = of_amount.currency
    left join currencies as of_balance on rows_told.balance_currency = of_balance.currency

)

select * from all_told
