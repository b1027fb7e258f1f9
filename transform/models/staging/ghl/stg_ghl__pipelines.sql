with

pipelines as (

    {{ rows_taken(source('staging_ghl', 'pipelines')) }}

),

staged as (

    select
        account,
        id,
        record ->> 'name' as name,
        record -> 'stages' as stages,
        created_at,
        updated_at,
        {{ loader_columns() }}
    from pipelines

)

select * from staged
