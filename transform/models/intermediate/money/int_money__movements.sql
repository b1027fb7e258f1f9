{{
    config(
        materialized='kept',
        scope='int_money__touched_payments',
        scope_key='payment_key',
        indexes=[
            {'columns': ['transaction_key'], 'unique': true},
            {'columns': ['payment_key']},
            {'columns': ['record_key']},
        ]
    )
}}

-- depends_on: {{ ref('int_money__touched_payments') }}
-- depends_on: {{ ref('int_run') }}
with

told as (

    {% if is_full_run() %}
    select * from {{ next_version(ref('int_money__told')) }}
    {% else %}
    select *
    from {{ current(ref('int_money__told'), of=ref('int_money__touched_payments'), by='payment_key') }} as told
    {% endif %}

),

ranked as (

    select
        *,
        -- What goes back is counted by whoever knows the payment best, or knows best that it went back.
        least(
            min(teller) filter (where leg = 'main') over same_payment,
            min(teller) over same_leg
        ) as best_teller,
        row_number() over (
            partition by payment_key, leg, teller, told_id order by transaction_key collate "C"
        ) as place,
        first_value(record_key) over (
            partition by payment_key
            order by (leg = 'main' and record_key is not null) desc, teller asc, record_key collate "C" asc
        ) as payer_key,
        row_number() over (
            partition by payment_key
            order by leg = 'main' desc, teller asc, kind = 'memo' asc, transaction_key collate "C" asc
        ) as place_in_payment,
        bool_or(provider_status = 'uncaptured' and leg = 'main') over same_payment as is_uncaptured
    from told
    window
        same_payment as (partition by payment_key),
        same_leg as (partition by payment_key, leg)

),

repeated as (

    select
        payment_key,
        array_agg(transaction_key order by transaction_key collate "C") as also_told_by
    from ranked
    where teller > best_teller or place > 1
    group by payment_key

),

-- What went back at PayPal is a row of its own, which refers to the payment.
referring as (

    select distinct reference_key as payment_key from ranked
    where kind in ('refund', 'dispute') and reference_key is not null

),

referred as (

    select distinct on (payment_key)
        payment_key,
        record_key
    from {{ current(ref('int_money__told'), of='referring', by='payment_key') }} as told
    where leg = 'main' and record_key is not null and payment_key in (select referring.payment_key from referring)
    order by payment_key asc, teller asc, record_key collate "C" asc

),

counted as (

    select
        ranked.*,
        case when ranked.is_uncaptured and ranked.kind = 'refund' then 'memo' else ranked.kind end as movement_kind,
        case
            when ranked.kind in ('refund', 'dispute')
                then coalesce(ranked.record_key, ranked.payer_key, referred.record_key, ranked.receiver_key)
            else ranked.record_key
        end as paid_by,
        coalesce(repeated.also_told_by, '{}') as also_told_by
    from ranked
    left join repeated on ranked.payment_key = repeated.payment_key and ranked.place_in_payment = 1
    left join referred on ranked.reference_key = referred.payment_key
    where ranked.teller <= ranked.best_teller and ranked.place = 1

),

movements as (

    select
        transaction_key,
        payment_key,
        business,
        provider,
        source,
        account,
        id,
        payment_id,
        movement_kind as kind,
        status,
        provider_status,
        coalesce(
            status = 'succeeded'
            and (movement_kind in ('charge', 'dispute') or movement_kind = 'refund' and amount < 0)
            and amount is not null
            and not is_test
            and deleted_at is null,
            false
        ) as is_revenue,
        amount,
        currency,
        fee,
        net,
        balance_currency,
        occurred_at,
        paid_by as record_key,
        also_told_by,
        deleted_at
    from counted

)

select * from movements
