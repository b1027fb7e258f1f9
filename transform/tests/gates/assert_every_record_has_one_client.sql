with

records as (

    select record_key from {{ ref('int_identity__records') }}

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

counted as (

    select
        records.record_key,
        count(clients.client_id) as client_count
    from records
    left join client_records on records.record_key = client_records.record_key
    left join clients on client_records.client_id = clients.client_id
    group by records.record_key

)

select * from counted
where client_count <> 1
