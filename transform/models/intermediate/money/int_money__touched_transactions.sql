{#- Which transactions have to be published again: counted again, or of a record that was resolved again? -#}
-- depends_on: {{ ref('int_identity__touched') }}
-- depends_on: {{ ref('int_money__touched_payments') }}
-- depends_on: {{ ref('int_run') }}
with

movements as (

    select transaction_key from {{ next_version(ref('int_money__movements')) }}

),

{% if is_full_run() %}

touched_transactions as (

    select transaction_key from movements
    where false

)

{% else %}

movements_before as (

    select standing.transaction_key
    from {{ ref('int_money__touched_payments') }} as touched_payments
    inner join {{ ref('int_money__movements') }} as standing on touched_payments.payment_key = standing.payment_key

),

resolved as (

    select standing.transaction_key
    from {{ ref('int_identity__touched') }} as touched
    inner join {{ ref('int_money__movements') }} as standing on touched.record_key = standing.record_key

),

touched_transactions as (

    select transaction_key from movements
    union
    select transaction_key from movements_before
    union
    select transaction_key from resolved

)

{% endif %}

select * from touched_transactions
