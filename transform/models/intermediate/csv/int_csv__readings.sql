{{ config(materialized='kept') }}

-- depends_on: {{ ref('int_run') }}
with

mappings as (

    select * from {{ ref('stg_csv__mappings') }}

),

readings as (

    select
        account,
        file_id,
        md5(jsonb_agg(to_jsonb(mappings) order by header)::text) as reading
    from mappings
    group by account, file_id

)

select * from readings
