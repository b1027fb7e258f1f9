with

clients as (

    select
        client_id,
        name,
        record_count
    from {{ next_version(ref('clients')) }}

)

select * from clients
where record_count > {{ var('max_records_per_client') }}
