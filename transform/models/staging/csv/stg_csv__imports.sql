{{
    config(
        materialized='incremental',
        unique_key='record_key',
        on_schema_change='sync_all_columns',
        indexes=[{'columns': ['record_key'], 'unique': true}]
    )
}}

{%-
    set mapped_fields = [
        'full_name', 'first_name', 'last_name', 'email', 'payer_email', 'created_at', 'created_time', 'created_zone',
        'updated_at', 'amount', 'currency', 'status', 'balance_impact', 'country', 'tags',
        'consent_email', 'consent_sms', 'consent_whatsapp',
    ]
%}

with

batches_taken as (

    select * from {{ ref('int_batches_taken') }}

),

imports as (

    select
        *,
        split_part(id, ':', 1) as kind,
        origin ->> 'file' as file_id
    from {{ source('staging_csv', 'imports') }}

),

mappings as (

    select * from {{ ref('stg_csv__mappings') }}

),

zones as (

    select
        time_zones.label,
        time_zones.zone
    from {{ ref('time_zones') }} as time_zones
    inner join pg_timezone_names on time_zones.zone = pg_timezone_names.name
    union all
    select
        upper(name) as label,
        name as zone
    from pg_timezone_names
    where upper(name) not in (select time_zones.label from {{ ref('time_zones') }} as time_zones)

),

-- How each file is to be read; rows that were read in another way are read again.
readings as (

    select
        account,
        file_id,
        {%- for field in mapped_fields %}
        array_agg(header order by position_in_field) filter (where field = '{{ field }}') as {{ field }}_headers,
        {%- endfor %}
        array_agg(header order by field, position_in_field) filter (where is_identifier) as identifier_headers,
        array_agg(field order by field, position_in_field) filter (where is_identifier) as identifier_kinds,
        min(amount_style) filter (where field = 'amount' and position_in_field = 1) as amount_style,
        min(date_style) filter (where field = 'created_at' and position_in_field = 1) as created_style,
        min(zone) filter (where field = 'created_at' and position_in_field = 1) as created_zone,
        min(date_style) filter (where field = 'updated_at' and position_in_field = 1) as updated_style,
        min(zone) filter (where field = 'updated_at' and position_in_field = 1) as updated_zone,
        md5(jsonb_agg(to_jsonb(mappings) order by header)::text || '{{ local_md5(model.raw_code) }}') as reading
    from mappings
    group by account, file_id

),

{% if is_incremental() -%}
read_otherwise as (

    select
        staged.account,
        staged.id
    from {{ this }} as staged
    left join readings on staged.account = readings.account and staged.file_id = readings.file_id
    where staged.reading is distinct from readings.reading

),

{% endif -%}
rows_taken as (

    select imports.*
    from imports
    where imports._batch_id in (
        select batch_id from batches_taken
        {% if is_incremental() %}where is_new{% endif %}
    )
    {% if is_incremental() -%}
    union all
    select imports.*
    from imports
    inner join read_otherwise on imports.account = read_otherwise.account and imports.id = read_otherwise.id
    where imports._batch_id in (select batch_id from batches_taken where not is_new)
    {%- endif %}

),

cells as (

    select
        rows_taken.*,
        readings.reading,
        readings.identifier_headers,
        readings.identifier_kinds,
        readings.email_headers || readings.payer_email_headers as address_headers,
        {%- for field in mapped_fields if field not in ('email', 'payer_email', 'created_at', 'updated_at') %}
        {{ mapped_cell(field) }} as {{ field }}_cell,
        {%- endfor %}
        {{ mapped_cell('created_at') }} as created_cell,
        {{ mapped_cell('updated_at') }} as updated_cell,
        readings.amount_style,
        readings.created_style,
        readings.created_zone,
        readings.updated_style,
        readings.updated_zone
    from rows_taken
    left join readings on rows_taken.account = readings.account and rows_taken.file_id = readings.file_id

),

parsed as (

    select
        cells.*,
        {{ function('parse_amount') }}(cells.amount_cell, cells.amount_style) as written_amount,
        {{ function('parse_timestamp') }}(
            concat_ws(' ', cells.created_cell, cells.created_time_cell, case when zones.zone is null then cells.created_zone_cell end),
            cells.created_style, coalesce(zones.zone, cells.created_zone)
        ) as written_at,
        {{ function('parse_timestamp') }}(cells.updated_cell, cells.updated_style, cells.updated_zone) as rewritten_at
    from cells
    left join zones on upper(cells.created_zone_cell) = zones.label

),

-- On outgoing PayPal rows the name and the addresses are the receiver's, or the user's own.
identified as (

    select
        *,
        kind <> 'paypal_activity' or coalesce(written_amount > 0, false) as is_about_its_person
    from parsed

),

staged as (

    select
        'csv:imports:' || account || ':' || id as record_key,
        account,
        id,
        kind,
        file_id,
        (origin ->> 'line')::bigint as line,
        coalesce(full_name_cell, nullif(concat_ws(' ', first_name_cell, last_name_cell), '')) as full_name,
        first_name_cell as first_name,
        last_name_cell as last_name,
        case when is_about_its_person then array(
            select addresses.email
            from (
                select
                    {{ function('normalize_email') }}(record ->> mapped.header) as email,
                    min(mapped.place) as place
                from unnest(address_headers) with ordinality as mapped (header, place)
                group by 1
            ) as addresses
            where addresses.email is not null
            order by addresses.place
        ) else '{}' end as emails,
        case when is_about_its_person and jsonb_typeof(phones) = 'array' then array(
            select numbers.phone
            from jsonb_array_elements_text(phones) with ordinality as numbers (phone, place)
            where numbers.phone ~ '^[+][0-9]{6,15}$'
            group by numbers.phone
            order by min(numbers.place)
        ) else '{}' end as phones,
        case when is_about_its_person and identifier_headers is not null then (
            select jsonb_agg(distinct jsonb_build_array(mapped.kind, identifiers.value))
            from unnest(identifier_kinds, identifier_headers) as mapped (kind, header)
            cross join lateral {{ function('normalize_identifier') }}(record ->> mapped.header) as identifiers (value)
            where identifiers.value is not null
        ) end as identifiers,
        written_at as created_at,
        rewritten_at as updated_at,
        case when lower(balance_impact_cell) is distinct from 'memo' then written_amount end as amount,
        case when upper(currency_cell) ~ '^[A-Z]{3}$' then upper(currency_cell) end as currency,
        status_cell as status,
        country_cell as country,
        case when tags_cell is not null then array(
            select btrim(tag) from unnest(string_to_array(tags_cell, ',')) as tag
            where btrim(tag) <> ''
        ) else '{}' end as tags,
        {{ function('parse_flag') }}(consent_email_cell) as consent_email,
        {{ function('parse_flag') }}(consent_sms_cell) as consent_sms,
        {{ function('parse_flag') }}(consent_whatsapp_cell) as consent_whatsapp,
        reading,
        _first_loaded_at,
        _loaded_at,
        _run_id,
        _batch_id,
        _deleted_at
    from identified

)

select * from staged
