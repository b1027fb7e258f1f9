with

files as (

    select * from {{ ref('stg_csv__files') }}

),

chosen as (

    select * from {{ source('ops', 'csv_mappings') }}

),

identity_rules as (

    select * from {{ ref('int_rules__kinds') }}

),

zone_names as (

    select name from pg_timezone_names

),

detected as (

    select
        files.account,
        files.file_id,
        mapped.header,
        mapped.field
    from files
    cross join jsonb_each_text(files.mapping) as mapped (header, field)

),

overridden as (

    select
        files.account,
        files.file_id,
        chosen.header,
        chosen.field
    from files
    inner join chosen on files.kind = chosen.kind

),

effective as (

    select
        coalesce(overridden.account, detected.account) as account,
        coalesce(overridden.file_id, detected.file_id) as file_id,
        coalesce(overridden.header, detected.header) as header,
        case when overridden.file_id is not null then overridden.field else detected.field end as field
    from detected
    full join overridden
        on
            detected.account = overridden.account
            and detected.file_id = overridden.file_id
            and detected.header = overridden.header

),

headers as (

    select
        files.account,
        files.file_id,
        listed.header,
        min(listed.place) as place
    from files
    cross join jsonb_array_elements_text(files.headers) with ordinality as listed (header, place)
    group by files.account, files.file_id, listed.header

),

formatted as (

    select
        effective.account,
        effective.file_id,
        effective.header,
        effective.field,
        files.formats -> effective.header ->> 'amount' as amount_style,
        files.formats -> effective.header ->> 'date' as date_style,
        zone_names.name as zone,
        identity_rules.kind is not null and effective.field not in ('email', 'phone_e164') as is_identifier,
        row_number() over (
            partition by effective.account, effective.file_id, effective.field
            order by headers.place asc nulls last, effective.header asc
        ) as position_in_field
    from effective
    inner join files on effective.account = files.account and effective.file_id = files.file_id
    left join identity_rules on effective.field = identity_rules.kind
    left join headers
        on
            effective.account = headers.account
            and effective.file_id = headers.file_id
            and effective.header = headers.header
    left join zone_names on files.formats -> effective.header ->> 'time_zone' = zone_names.name
    where effective.field is not null

)

select * from formatted
