with

products as (

    {{ rows_taken(source('staging_paypal', 'products')) }}

),

staged as (

    select
        account,
        id,
        record ->> 'name' as name,
        record ->> 'description' as description,
        record ->> 'type' as type,
        created_at,
        updated_at,
        {{ loader_columns() }}
    from products

)

select * from staged
