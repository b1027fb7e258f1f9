{{ config(materialized='view') }}

with

client_records as (

    select * from {{ ref('client_records') }}

),

client_aliases as (

    select
        alias_client_id,
        client_id,
        record_key
    from client_records

)

select * from client_aliases
