with

custom_fields as (

    {{ rows_taken(source('staging_ghl', 'custom_fields')) }}

),

staged as (

    select
        account,
        id,
        record ->> 'name' as name,
        record ->> 'fieldKey' as field_key,
        record ->> 'dataType' as data_type,
        record ->> 'model' as object,
        created_at,
        updated_at,
        {{ loader_columns() }}
    from custom_fields

)

select * from staged
