with

plans as (

    {{ rows_taken(source('staging_paypal', 'plans')) }}

),

staged as (

    select
        account,
        id,
        record ->> 'product_id' as product_id,
        record ->> 'name' as name,
        record ->> 'status' as status,
        record -> 'billing_cycles' as billing_cycles,
        created_at,
        updated_at,
        {{ loader_columns() }}
    from plans

)

select * from staged
