with

published as (

    select
        transaction_key,
        client_id
    from {{ ref('transactions') }}
    where client_id is not null

),

next_transactions as (

    select
        transaction_key,
        client_id
    from {{ next_version(ref('transactions')) }}

),

moved as (

    select count(*) as payments_moved
    from published
    inner join next_transactions on published.transaction_key = next_transactions.transaction_key
    where published.client_id is distinct from next_transactions.client_id

),

counted as (

    select
        moved.payments_moved,
        (select count(*) from published) as published_payments
    from moved

)

select * from counted
where
    payments_moved > {{ var('payments_moved_always_allowed') }}
    and payments_moved > published_payments * {{ var('max_payments_moved') }}
