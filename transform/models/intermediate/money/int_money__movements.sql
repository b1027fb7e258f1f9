with

told as (

    select * from {{ ref('int_money__told') }}

),

-- What goes back is counted by whoever knows the payment best, or knows best that it went back.
ranked as (

    select
        *,
        least(
            min(teller) filter (where leg = 'main') over same_payment,
            min(teller) over same_leg
        ) as best_teller,
        coalesce(record_key, min(record_key collate "C") filter (where leg = 'main') over same_payment) as payer_key,
        row_number() over (partition by business, provider, payment_id, leg, teller, told_id order by transaction_key collate "C") as place
    from told
    window
        same_payment as (partition by business, provider, payment_id),
        same_leg as (partition by business, provider, payment_id, leg)

),

repeated as (

    select
        business,
        provider,
        payment_id,
        array_agg(transaction_key order by transaction_key collate "C") as also_told_by
    from ranked
    where teller > best_teller or place > 1
    group by business, provider, payment_id

),

movements as (

    select
        ranked.transaction_key,
        ranked.business,
        ranked.provider,
        ranked.source,
        ranked.account,
        ranked.id,
        ranked.payment_id,
        ranked.kind,
        ranked.status,
        ranked.provider_status,
        coalesce(
            ranked.status = 'succeeded'
            and (ranked.kind in ('charge', 'dispute') or ranked.kind = 'refund' and ranked.amount < 0)
            and ranked.amount is not null
            and not ranked.is_test
            and ranked.deleted_at is null,
            false
        ) as is_revenue,
        ranked.amount,
        ranked.currency,
        ranked.fee,
        ranked.net,
        ranked.balance_currency,
        ranked.occurred_at,
        ranked.payer_key as record_key,
        coalesce(repeated.also_told_by, '{}') as also_told_by,
        ranked.deleted_at
    from ranked
    left join repeated
        on
            ranked.business = repeated.business
            and ranked.provider = repeated.provider
            and ranked.payment_id = repeated.payment_id
            and ranked.leg = 'main'
    where ranked.teller <= ranked.best_teller and ranked.place = 1

)

select * from movements
