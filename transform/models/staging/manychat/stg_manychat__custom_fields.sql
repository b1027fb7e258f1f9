with

custom_fields as (

    {{ rows_taken(source('staging_manychat', 'custom_fields')) }}

),

staged as (

    select
        account,
        id,
        record ->> 'name' as name,
        record ->> 'type' as type,
        record ->> 'description' as description,
        created_at,
        updated_at,
        {{ loader_columns() }}
    from custom_fields

)

select * from staged
