{{ config(materialized='kept', indexes=[{'columns': ['record_key'], 'unique': true}]) }}

-- depends_on: {{ ref('int_run') }}
with

subscriptions as (

    select * from {{ next_version(ref('int_money__subscriptions')) }}

),

-- What somebody with several subscriptions is called: the first of these that one of them is.
ranks (status, rank) as (

    values
    ('active', 1), ('trialing', 2), ('past_due', 3), ('unpaid', 4),
    ('paused', 5), ('incomplete', 6), ('canceled', 7), ('unknown', 8)

),

subscription_states as (

    select distinct on (subscriptions.record_key)
        subscriptions.record_key,
        ranks.status,
        ranks.rank
    from subscriptions
    inner join ranks on subscriptions.status = ranks.status
    where subscriptions.record_key is not null and subscriptions.deleted_at is null
    order by subscriptions.record_key, ranks.rank

)

select * from subscription_states
