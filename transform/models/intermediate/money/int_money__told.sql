{{ config(materialized='ephemeral') }}

with

told as (

    select * from {{ ref('int_money__told_by_stripe') }}
    union all
    select * from {{ ref('int_money__told_by_paypal') }}
    union all
    select * from {{ ref('int_money__told_by_csv') }}
    union all
    select * from {{ ref('int_money__told_by_ghl') }}

),

money_statuses as (

    select * from {{ ref('money_statuses') }}

),

accounts as (

    select * from {{ ref('int_rules__accounts') }}

),

stripe_names as (

    select * from {{ ref('int_money__stripe_names') }}

),

currencies as (

    select * from {{ ref('currencies') }}

),

placed as (

    select
        told.*,
        coalesce(accounts.business, 'main') as business,
        coalesce(money_statuses.status, 'unknown') as told_status
    from told
    left join accounts on told.source = accounts.source and told.account = accounts.account
    left join money_statuses on told.about = money_statuses.about and lower(told.word) = money_statuses.word

),

-- Files and GoHighLevel may know a charge of Stripe by its payment intent or its invoice.
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
            and placed.payment_id = stripe_names.name

),

rows_told as (

    select
        source || ':' || stream || ':' || account || ':' || id as transaction_key,
        *,
        case when told_status in ('returned', 'contested') then 'succeeded' else told_status end as status
    from named

),

-- A row that tells a payment and that it went back is two movements.
rows_returned as (

    select
        transaction_key || ':returned' as transaction_key,
        business,
        source,
        account,
        id,
        provider,
        known_payment_id,
        told_id,
        'back' as leg,
        teller,
        case told_status when 'contested' then 'dispute' else 'refund' end as kind,
        'succeeded' as status,
        word,
        - least(amount, coalesce(nullif(amount_returned, 0), amount)) as amount,
        currency,
        null::numeric as fee,
        null::numeric as net,
        null as balance_currency,
        is_test,
        returned_at as occurred_at,
        record_key,
        deleted_at
    from rows_told
    where
        tells_returns
        and (told_status in ('returned', 'contested') or told_status = 'succeeded' and amount_returned > 0)

),

rows_in_all as (

    select
        transaction_key,
        business,
        source,
        account,
        id,
        provider,
        known_payment_id,
        told_id,
        leg,
        teller,
        kind,
        status,
        word,
        amount,
        currency,
        fee,
        net,
        balance_currency,
        is_test,
        occurred_at,
        record_key,
        deleted_at
    from rows_told
    union all
    select * from rows_returned

),

all_told as (

    select
        rows_in_all.transaction_key,
        rows_in_all.business,
        rows_in_all.provider,
        rows_in_all.source,
        rows_in_all.account,
        rows_in_all.id,
        rows_in_all.known_payment_id as payment_id,
        rows_in_all.leg,
        coalesce(rows_in_all.told_id, rows_in_all.known_payment_id) as told_id,
        rows_in_all.teller,
        rows_in_all.kind,
        rows_in_all.status,
        rows_in_all.word as provider_status,
        round(rows_in_all.amount, coalesce(of_amount.decimals, 2)) as amount,
        rows_in_all.currency,
        round(rows_in_all.fee, coalesce(of_balance.decimals, 2)) as fee,
        round(rows_in_all.net, coalesce(of_balance.decimals, 2)) as net,
        rows_in_all.balance_currency,
        rows_in_all.is_test,
        rows_in_all.occurred_at,
        rows_in_all.record_key,
        rows_in_all.deleted_at
    from rows_in_all
    left join currencies as of_amount on rows_in_all.currency = of_amount.currency
    left join currencies as of_balance on rows_in_all.balance_currency = of_balance.currency

)

select * from all_told
