{{ config(materialized='view') }}

-- Names its columns at once: a view of `select *` would forbid client_records to change any other column.
with

client_aliases as (

    select
        alias_client_id,
        client_id,
        record_key
    from {{ ref('client_records') }}

)

select * from client_aliases
