with

users as (

    {{ rows_taken(source('staging_ghl', 'users')) }}

),

staged as (

    select
        account,
        id,
        {{ function('clean_text') }}(
            coalesce(record ->> 'name', concat_ws(' ', record ->> 'firstName', record ->> 'lastName'))
        ) as full_name,
        {{ function('normalize_email') }}(record ->> 'email') as email,
        {{ function('json_flag') }}(record -> 'deleted') as is_removed,
        created_at,
        updated_at,
        {{ loader_columns() }}
    from users

)

select * from staged
