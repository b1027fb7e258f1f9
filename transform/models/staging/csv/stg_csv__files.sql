{{
    config(
        materialized='incremental',
        unique_key=['account', 'file_id'],
        on_schema_change='sync_all_columns'
    )
}}

-- depends_on: {{ ref('int_batches_taken') }}
with

files as (

    select * from {{ source('staging_csv', 'files') }}
    {% if is_incremental() %}
    where
        _batch_id in (
            select taken.batch_id from {{ ref('int_batches_taken') }} as taken
            where taken.is_new
        )
    {% endif %}

),

described as (

    select
        account,
        id as file_id,
        record ->> 'path' as path,
        record ->> 'kind' as kind,
        case when jsonb_typeof(record -> 'headers') = 'array' then record -> 'headers' end as headers,
        case when jsonb_typeof(record -> 'mapping') = 'object' then record -> 'mapping' end as mapping,
        case when jsonb_typeof(record -> 'formats') = 'object' then record -> 'formats' end as formats,
        _first_loaded_at,
        _loaded_at,
        _batch_id,
        _deleted_at
    from files

)

select * from described
