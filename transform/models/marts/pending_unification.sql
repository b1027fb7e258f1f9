{{ config(materialized='view') }}

with

batches as (

    select * from {{ source('ops', 'batches') }}

),

unified_batches as (

    select * from {{ source('ops', 'unified_batches') }}

),

pending as (

    select
        batches.source,
        batches.stream,
        count(*) as batches,
        sum(batches.rows_new)::bigint as rows_new,
        sum(batches.rows_changed)::bigint as rows_changed,
        sum(batches.rows_deleted)::bigint as rows_deleted,
        min(batches.committed_at) as oldest_commit,
        max(batches.committed_at) as newest_commit
    from batches
    left join unified_batches on batches.batch_id = unified_batches.batch_id
    where unified_batches.batch_id is null
    group by batches.source, batches.stream

)

select * from pending
