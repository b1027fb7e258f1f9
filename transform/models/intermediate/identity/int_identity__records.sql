with

staged_rows as (

    select * from {{ ref('int_identity__staged_rows') }}

),

identifiers as (

    select * from {{ ref('int_identity__identifiers') }}

),

records as (

    select
        -- The order of arrival: the smallest number of a client is its founding record.
        row_number() over (order by _first_loaded_at, record_key collate "C") as record_number,
        -- Whose values win, the smallest first.
        row_number() over (
            order by
                _deleted_at is not null,
                source_priority nulls last,
                updated_at desc nulls last,
                created_at desc nulls last,
                record_key collate "C"
        ) as value_rank,
        *
    from staged_rows
    where record_key in (select record_key from identifiers)

)

select * from records
