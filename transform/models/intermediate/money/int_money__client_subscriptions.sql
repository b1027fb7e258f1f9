{#- How does each client's best subscription stand? Of touched clients, in a run that is not full. -#}
-- depends_on: {{ ref('int_identity__touched') }}
-- depends_on: {{ ref('int_run') }}
with

clusters as (

    select
        record_key,
        client_id
    from {{ next_version(ref('int_identity__clusters')) }}

),

subscription_states as (

    select * from {{ next_version(ref('int_money__subscription_states')) }}

),

client_subscriptions as (

    select distinct on (clusters.client_id)
        clusters.client_id,
        subscription_states.status
    from subscription_states
    inner join clusters on subscription_states.record_key = clusters.record_key
    order by clusters.client_id, subscription_states.rank

)

select * from client_subscriptions
