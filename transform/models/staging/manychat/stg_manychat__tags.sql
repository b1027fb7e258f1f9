with

tags as (

    {{ rows_taken(source('staging_manychat', 'tags')) }}

),

staged as (

    select
        account,
        id,
        record ->> 'name' as name,
        created_at,
        updated_at,
        {{ loader_columns() }}
    from tags

)

select * from staged
