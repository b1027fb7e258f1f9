with

staged_rows as (

    select * from {{ ref('int_identity__staged_rows') }}

),

records as (

    select * from {{ ref('int_identity__records') }}

),

unidentifiable as (

    select
        staged_rows.business,
        staged_rows.source,
        staged_rows.stream,
        staged_rows.kind,
        count(*) as row_count
    from staged_rows
    left join records on staged_rows.record_key = records.record_key
    where records.record_key is null
    group by staged_rows.business, staged_rows.source, staged_rows.stream, staged_rows.kind

)

select * from unidentifiable
