with

staged_rows as (

    select * from {{ ref('int_identity__staged_rows') }}

),

unidentifiable as (

    select
        business,
        source,
        stream,
        kind,
        count(*) as row_count
    from staged_rows
    where is_record is not true
    group by business, source, stream, kind

)

select * from unidentifiable
