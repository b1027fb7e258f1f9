with

products as (

    {{ rows_taken(source('staging_stripe', 'products')) }}

),

staged as (

    select
        account,
        id,
        record ->> 'name' as name,
        record ->> 'description' as description,
        {{ function('json_flag') }}(record -> 'active') as is_active,
        {{ function('json_id') }}(record -> 'default_price') as default_price_id,
        {{ function('json_flag') }}(record -> 'livemode') as is_live,
        record -> 'metadata' as metadata,
        created_at,
        updated_at,
        {{ loader_columns() }}
    from products

)

select * from staged
