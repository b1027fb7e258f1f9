with

movements as (

    select * from {{ ref('int_money__movements') }}

),

-- XXX is what ISO 4217 calls no currency.
spent as (

    select
        record_key,
        coalesce(currency, 'XXX') as currency,
        sum(amount) as amount,
        count(*) filter (where kind = 'charge') as payment_count,
        min(occurred_at) filter (where kind = 'charge') as first_paid_at,
        max(occurred_at) filter (where kind = 'charge') as last_paid_at
    from movements
    where is_revenue and record_key is not null
    group by record_key, coalesce(currency, 'XXX')

)

select * from spent
