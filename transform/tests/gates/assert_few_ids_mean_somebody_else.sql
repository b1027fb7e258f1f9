with

reassigned_ids as (

    select * from {{ ref('int_preview__reassigned_ids') }}

),

counted as (

    select
        count(*) as reassigned_ids,
        (select count(*) from {{ ref('clients') }}) as published_clients
    from reassigned_ids

)

select * from counted
where
    reassigned_ids > {{ var('max_reassigned_ids') }}
    and reassigned_ids > published_clients * {{ var('max_reassigned_share') }}
