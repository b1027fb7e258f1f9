-- depends_on: {{ ref('int_run') }}
-- depends_on: {{ ref('int_identity__touched') }}
with

movements as (

    select * from {{ ref('int_money__movements') }}

),

clusters as (

    select * from {{ current(ref('int_identity__clusters')) }} as clusters

),

transactions as (

    select
        movements.transaction_key,
        clusters.client_id,
        movements.business,
        movements.provider,
        movements.source,
        movements.account,
        movements.id,
        movements.payment_id,
        movements.kind,
        movements.status,
        movements.provider_status,
        movements.is_revenue,
        movements.amount,
        movements.currency,
        movements.fee,
        movements.net,
        movements.balance_currency,
        movements.occurred_at,
        movements.record_key,
        movements.also_told_by,
        movements.deleted_at
    from movements
    left join clusters on movements.record_key = clusters.record_key

)

select * from transactions
