with

balances as (

    {{ rows_taken(source('staging_paypal', 'balances')) }}

),

staged as (

    select
        account,
        id,
        {{ function('parse_timestamp') }}(record ->> 'as_of_time', null, null) as as_of,
        {{ function('parse_timestamp') }}(record ->> 'last_refresh_time', null, null) as refreshed_at,
        record -> 'balances' as balances,
        created_at,
        updated_at,
        {{ loader_columns() }}
    from balances

)

select * from staged
