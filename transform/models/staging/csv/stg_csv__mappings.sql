with

files as (

    select * from {{ ref('stg_csv__files') }}

),

chosen as (

    select * from {{ source('ops', 'csv_mappings') }}

),

identity_rules as (

    select * from {{ ref('identity_rules') }}

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
        chosen.field,
        true as is_chosen
    from files
    inner join chosen on files.kind = chosen.kind

),

effective as (

    select
        account,
        file_id,
        header,
        case when overridden.is_chosen then overridden.field else detected.field end as field
    from detected
    full join overridden using (account, file_id, header)

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
        coalesce(effective.field = identity_rules.kind and effective.field not in ('email', 'phone_e164'), false) as is_identifier,
        row_number() over (
            partition by effective.account, effective.file_id, effective.field
            order by array_position(array(select jsonb_array_elements_text(files.headers)), effective.header), effective.header
        ) as position_in_field
    from effective
    inner join files on effective.account = files.account and effective.file_id = files.file_id
    left join identity_rules on effective.field = identity_rules.kind
    left join zone_names on files.formats -> effective.header ->> 'time_zone' = zone_names.name
    where effective.field is not null

)

select * from formatted
