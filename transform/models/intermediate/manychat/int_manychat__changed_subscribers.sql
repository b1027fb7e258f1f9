{#- Subscribers of whom a new batch brought a row, a push, or a look-up that found them or did not. -#}
-- depends_on: {{ ref('int_run') }}
with

new_batches as (

    select batch_id from {{ ref('int_batches_taken') }}
    where is_new

),

changed_subscribers as (

    select
        account,
        id
    from {{ ref('stg_manychat__subscribers') }}
    where _batch_id in (select new_batches.batch_id from new_batches)
    union
    select
        account,
        id
    from {{ ref('stg_manychat__subscriber_pushes') }}
    where _batch_id in (select new_batches.batch_id from new_batches)
    union
    select
        account,
        value as id
    from {{ ref('stg_manychat__lookups') }}
    where kind = 'id' and _batch_id in (select new_batches.batch_id from new_batches)

)

select * from changed_subscribers
