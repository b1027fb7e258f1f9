with

staged_rows as (

    select * from {{ ref('int_identity__staged_rows') }}

),

records as (

    select
        -- The order of arrival: the smallest number of a client is its founding record.
        row_number() over (order by _first_loaded_at asc, record_key collate "C" asc) as record_number,
        -- Whose values win, the smallest first.
        row_number() over (
            order by
                _deleted_at is not null asc,
                source_priority asc nulls last,
                updated_at desc nulls last,
                created_at desc nulls last,
                record_key collate "C" asc
        ) as value_rank,
        *
    from staged_rows
    where is_record

)

select * from records
