{{
    config(
        materialized='kept',
        scope='int_money__paid_records',
        scope_key='record_key',
        indexes=[{'columns': ['record_key']}]
    )
}}

-- depends_on: {{ ref('int_money__paid_records') }}
-- depends_on: {{ ref('int_run') }}
with

movements as (

    {% if is_full_run() %}
    select * from {{ next_version(ref('int_money__movements')) }}
    {% else %}
    select *
    from {{ current(ref('int_money__movements'), of=ref('int_money__paid_records'), by='record_key') }} as movements
    {% endif %}

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
