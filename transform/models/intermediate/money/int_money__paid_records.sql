{#- Of which records may the money or the state of their subscriptions have changed? -#}
-- depends_on: {{ ref('int_money__subscription_states') }}
-- depends_on: {{ ref('int_money__touched_payments') }}
-- depends_on: {{ ref('int_run') }}
with

movements as (

    select * from {{ next_version(ref('int_money__movements')) }}

),

{% if is_full_run() %}

paid_records as (

    select record_key from movements
    where false

)

{% else %}

movements_before as (

    select standing.record_key
    from {{ ref('int_money__touched_payments') }} as touched_payments
    inner join {{ ref('int_money__movements') }} as standing on touched_payments.payment_key = standing.payment_key

),

states as (

    select * from {{ next_version(ref('int_money__subscription_states')) }}

),

states_before as (

    select * from {{ ref('int_money__subscription_states') }}

),

changed_states as (

    select coalesce(states.record_key, states_before.record_key) as record_key
    from states
    full join states_before on states.record_key = states_before.record_key
    where states.rank is distinct from states_before.rank

),

paid_records as (

    select record_key from movements
    where record_key is not null
    union
    select record_key from movements_before
    where record_key is not null
    union
    select record_key from changed_states

)

{% endif %}

select * from paid_records
