with

batches as (

    select * from {{ source('ops', 'batches') }}

),

unified_batches as (

    select * from {{ source('ops', 'unified_batches') }}

),

taken as (

    select
        batches.batch_id,
        batches.source,
        batches.stream,
        batches.committed_at,
        unified_batches.batch_id is null as is_new
    from batches
    left join unified_batches on batches.batch_id = unified_batches.batch_id

)

select * from taken
