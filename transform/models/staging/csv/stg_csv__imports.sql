{{
    config(
        materialized='incremental',
        unique_key='record_key',
        on_schema_change='sync_all_columns',
        indexes=[
            {'columns': ['record_key'], 'unique': true},
            {'columns': ['account', 'file_id']},
            {'columns': ['_batch_id']},
        ]
    )
}}

{%-
    set cell_fields = [
        'full_name', 'first_name', 'last_name', 'created_at', 'created_time', 'created_zone', 'updated_at', 'amount',
        'fee', 'currency', 'status', 'type', 'description', 'balance_impact', 'country', 'tags',
        'consent_email', 'consent_sms', 'consent_whatsapp',
    ]
%}

-- depends_on: {{ ref('int_batches_taken') }}
-- depends_on: {{ ref('int_csv__changed_files') }}
-- depends_on: {{ ref('int_run') }}
with

{% if is_incremental() %}

batches_taken as (

    select * from {{ ref('int_batches_taken') }}

),

{% endif %}

imports as not materialized (

    select
        *,
        split_part(id, ':', 1) as kind,
        origin ->> 'file' as file_id
    from {{ source('staging_csv', 'imports') }}

),

mappings as (

    select * from {{ ref('stg_csv__mappings') }}

),

-- Only zones that this server knows; looked up, not joined, since few rows name one.
zones as (

    select jsonb_object_agg(known.label, known.zone order by known.preference) as by_label
    from (
        select
            upper(name) as label,
            name as zone,
            1 as preference
        from pg_timezone_names
        union all
        select
            time_zones.label,
            pg_timezone_names.name as zone,
            2 as preference
        from {{ ref('time_zones') }} as time_zones
        inner join pg_timezone_names on time_zones.zone = pg_timezone_names.name
    ) as known

),

-- How each file is to be read; rows that were read in another way are read again.
readings as (

    select
        account,
        file_id,
        {% for field in cell_fields + ['email', 'payer_email'] %}
        array_agg(header order by position_in_field) filter (where field = '{{ field }}') as {{ field }}_headers,
        {% endfor %}
        array_agg(header order by field, position_in_field) filter (where is_identifier) as identifier_headers,
        array_agg(field order by field, position_in_field) filter (where is_identifier) as identifier_kinds,
        min(amount_style) filter (where field = 'amount' and position_in_field = 1) as amount_style,
        min(amount_style) filter (where field = 'fee' and position_in_field = 1) as fee_style,
        min(date_style) filter (where field = 'created_at' and position_in_field = 1) as created_style,
        min(zone) filter (where field = 'created_at' and position_in_field = 1) as created_zone,
        min(date_style) filter (where field = 'updated_at' and position_in_field = 1) as updated_style,
        min(zone) filter (where field = 'updated_at' and position_in_field = 1) as updated_zone,
        md5(jsonb_agg(to_jsonb(mappings) order by header)::text || '{{ local_md5(model.raw_code) }}') as reading
    from mappings
    group by account, file_id

),

{% if is_incremental() %}

staged_before as (

    select
        account,
        id,
        file_id,
        reading
    from {{ this }}
    {% if not is_full_run() %}
    where (account, file_id) in (
        select
            changed_files.account,
            changed_files.file_id
        from {{ ref('int_csv__changed_files') }} as changed_files
    )
    {% endif %}

),

read_otherwise as (

    select
        staged_before.account,
        staged_before.id
    from staged_before
    left join readings on staged_before.account = readings.account and staged_before.file_id = readings.file_id
    where staged_before.reading is distinct from readings.reading

),

rows_taken as (

    select imports.*
    from imports
    inner join batches_taken on imports._batch_id = batches_taken.batch_id
    where batches_taken.is_new and imports.{{ between_new_batches(source('staging_csv', 'imports')) }}
    union all
    select imports.*
    from imports
    inner join batches_taken on imports._batch_id = batches_taken.batch_id
    inner join read_otherwise on imports.account = read_otherwise.account and imports.id = read_otherwise.id
    where not batches_taken.is_new

),

{% else %}

rows_taken as (

    select * from imports

),

{% endif %}

cells as (

    select
        rows_taken.*,
        {% for field in cell_fields %}
        {{ function('mapped_cell') }}(rows_taken.record, readings.{{ field }}_headers) as {{ field }}_cell,
        {% endfor %}
        readings.reading,
        readings.identifier_headers,
        readings.identifier_kinds,
        readings.email_headers || readings.payer_email_headers as address_headers,
        readings.amount_style,
        readings.fee_style,
        readings.created_style,
        readings.created_zone,
        readings.updated_style,
        readings.updated_zone
    from rows_taken
    left join readings on rows_taken.account = readings.account and rows_taken.file_id = readings.file_id

),

parsed as (

    select
        *,
        {{ function('parse_amount') }}(amount_cell, amount_style) as written_amount,
        (select zones.by_label from zones) ->> upper(created_zone_cell) as cell_zone
    from cells

),

-- On outgoing PayPal rows the name and the addresses are the receiver's, or the user's own.
identified as (

    select
        *,
        kind <> 'paypal_activity' or coalesce(written_amount > 0, false) as is_about_its_person,
        case when created_at_cell is not null then {{ function('parse_timestamp') }}(
            concat_ws(' ', created_at_cell, created_time_cell, case when cell_zone is null then created_zone_cell end),
            created_style,
            coalesce(cell_zone, created_zone)
        ) end as written_at,
        case
            when updated_at_cell is not null
                then {{ function('parse_timestamp') }}(updated_at_cell, updated_style, updated_zone)
        end as rewritten_at
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
        case when is_about_its_person then {{ function('mapped_emails') }}(record, address_headers) end as emails,
        case when is_about_its_person then {{ function('valid_phones') }}(phones) end as phones,
        case
            when is_about_its_person
                then {{ function('mapped_identifiers') }}(record, identifier_kinds, identifier_headers)
        end as identifiers,
        written_at as created_at,
        rewritten_at as updated_at,
        case when coalesce(lower(balance_impact_cell) <> 'memo', true) then written_amount end as amount,
        case when upper(currency_cell) ~ '^[A-Z]{3}$' then upper(currency_cell) end as currency,
        case when kind = 'paypal_activity' then lower(coalesce(type_cell, description_cell)) end as movement,
        case when kind = 'paypal_activity' then nullif(record ->> 'Reference Txn ID', '') end as reference_id,
        case
            when kind in ('paypal_activity', 'stripe_payments') then {{ function('parse_amount') }}(fee_cell, fee_style)
        end as fee,
        case
            when kind = 'stripe_payments' then {{ function('parse_amount') }}(record ->> 'Amount Refunded', 'point')
        end as amount_refunded,
        case
            when kind = 'stripe_payments' then {{ function('parse_amount') }}(record ->> 'Converted Amount', 'point')
        end as converted_amount,
        case when kind = 'stripe_payments' then upper(nullif(record ->> 'Converted Currency', '')) end as converted_currency,
        status_cell as status,
        country_cell as country,
        {{ function('split_list') }}(tags_cell) as tags,
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
