{{
    config(
        materialized='incremental',
        unique_key=['account', 'file_id'],
        on_schema_change='sync_all_columns'
    )
}}

with

batches_taken as (

    select * from {{ ref('int_batches_taken') }}

),

files as (

    select * from {{ source('staging_csv', 'files') }}
    where _batch_id in (
        select batch_id from batches_taken
        {% if is_incremental() %}
            where is_new
        {% endif %}
    )

),

described as (

    select
        account,
        id as file_id,
        record ->> 'path' as path,
        record ->> 'kind' as kind,
        record -> 'headers' as headers,
        record -> 'mapping' as mapping,
        record -> 'formats' as formats,
        _first_loaded_at,
        _loaded_at,
        _batch_id,
        _deleted_at
    from files

)

select * from described
