with

clients as (

    select
        client_id,
        name,
        record_count
    from {{ next_version(ref('clients')) }}

),

-- One that was let pass before is not asked about again.
known as (

    select client_id from {{ ref('clients') }}
    where record_count > {{ var('max_records_per_client') }}

),

suspicious as (

    select * from clients
    where
        record_count > {{ var('max_records_per_client') }}
        and client_id not in (select known.client_id from known)

)

select * from suspicious
