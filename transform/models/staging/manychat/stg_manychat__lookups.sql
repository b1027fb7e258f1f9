with

lookups as (

    {{ rows_taken(source('staging_manychat', 'lookups')) }}

),

staged as (

    select
        account,
        id,
        record ->> 'kind' as kind,
        record ->> 'value' as value,
        {{ function('json_flag') }}(record -> 'found') as was_found,
        record ->> 'subscriber_id' as subscriber_id,
        record ->> 'reason' as reason,
        {{ function('parse_timestamp') }}(record ->> 'tried_at', null, null) as tried_at,
        created_at,
        updated_at,
        {{ loader_columns() }}
    from lookups

)

select * from staged
