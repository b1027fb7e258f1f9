{{
    config(
        materialized='kept',
        scope='int_identity__changed',
        scope_key='record_key',
        indexes=[{'columns': ['record_key'], 'unique': true}]
    )
}}

-- depends_on: {{ ref('int_run') }}
-- depends_on: {{ ref('int_identity__changed') }}
with

staged_rows as (

    select * from {{ ref('int_identity__staged_rows') }}

),

unidentifiable as (

    select
        record_key,
        business,
        source,
        stream,
        kind
    from staged_rows
    where is_person and is_record is not true and not {{ was_published('staged_rows.record_key') }}

)

select * from unidentifiable
