{{ config(scope='int_money__touched_transactions', scope_key='transaction_key') }}

-- depends_on: {{ ref('int_money__touched_transactions') }}
-- depends_on: {{ ref('int_identity__touched') }}
-- depends_on: {{ ref('int_run') }}
with

movements as (

    {% if is_full_run() %}
    select * from {{ next_version(ref('int_money__movements')) }}
    {% else %}
    select *
    from {{ current(ref('int_money__movements'), of=ref('int_money__touched_transactions'), by='transaction_key') }} as movements
    {% endif %}

),

{% if not is_full_run() %}

payers as (

    select distinct record_key from movements
    where record_key is not null

),

{% endif %}

clusters as (

    select
        record_key,
        client_id
    from {{ current(ref('int_identity__clusters'), of='payers', by='record_key') }} as clusters

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
