with

records as (

    select record_key from {{ next_version(ref('int_identity__records')) }}

),

client_records as (

    select
        record_key,
        client_id
    from {{ next_version(ref('client_records')) }}

),

clients as (

    select client_id from {{ next_version(ref('clients')) }}

),

placed as (

    select
        client_records.record_key,
        count(clients.client_id) as client_count
    from client_records
    left join clients on client_records.client_id = clients.client_id
    group by client_records.record_key

),

counted as (

    select
        coalesce(records.record_key, placed.record_key) as record_key,
        coalesce(placed.client_count, 0) as client_count
    from records
    full join placed on records.record_key = placed.record_key

)

select * from counted
where client_count <> 1
