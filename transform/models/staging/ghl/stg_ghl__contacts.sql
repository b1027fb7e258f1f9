{{
    config(
        post_hook=[
            'create index if not exists stg_ghl__contacts_deleted on {{ this }} (account, id) where _deleted_at is not null',
            'create index if not exists stg_ghl__contacts_with_more on {{ this }} (account, id)
            where additional_emails is not null or additional_phones is not null',
        ]
    )
}}

{%-
    set channels = {
        'email': 'Email', 'sms': 'SMS', 'call': 'Call', 'whatsapp': 'WhatsApp', 'gmb': 'GMB', 'fb': 'FB', 'rcs': 'RCS',
    }
-%}

with

contacts as (

    {{ rows_taken(source('staging_ghl', 'contacts')) }}

),

pulled as (

    select
        account,
        id,
        coalesce(nullif(record ->> 'firstName', ''), record ->> 'firstNameLowerCase') as first_name,
        coalesce(nullif(record ->> 'lastName', ''), record ->> 'lastNameLowerCase') as last_name,
        coalesce(record ->> 'contactName', record ->> 'fullNameLowerCase', record ->> 'name') as other_name,
        record ->> 'companyName' as company_name,
        {{ function('collect_emails') }}(record ->> 'email', record -> 'additionalEmails') as emails,
        case
            when record -> 'additionalEmails' not in ('[]', 'null')
                then {{ function('collect_emails') }}(null, record -> 'additionalEmails')
        end as additional_emails,
        record ->> 'phone' as phone,
        {{ function('valid_phones') }}(phones) as phones,
        record -> 'additionalPhones' not in ('[]', 'null') as has_additional_phones,
        record ->> 'country' as country,
        record ->> 'type' as contact_type,
        record ->> 'source' as contact_source,
        record ->> 'assignedTo' as assigned_to,
        {{ function('json_list') }}(record -> 'tags') as tags,
        {{ function('json_pairs') }}(record -> 'customFields', 'id') as custom_fields,
        coalesce({{ function('json_flag') }}(record -> 'dnd'), false) as dnd,
        {% for channel, name in channels.items() %}
        coalesce(
            record #>> '{dndSettings,{{ name }},status}', record #>> '{dndSettings,{{ name | lower }},status}'
        ) as dnd_{{ channel }},
        {% endfor %}
        record #>> '{inboundDndSettings,all,status}' as inbound_dnd,
        created_at,
        updated_at,
        {{ loader_columns() }}
    from contacts

),

staged as (

    select
        account,
        id,
        {{ function('clean_text') }}(coalesce(nullif(concat_ws(' ', first_name, last_name), ''), other_name)) as full_name,
        first_name,
        last_name,
        company_name,
        emails,
        additional_emails,
        phone,
        phones,
        -- The main phone is read first; where it is not valid, all of them are additional.
        case
            when has_additional_phones and right(phone, 4) = right(phones[1], 4) then phones[2:]
            when has_additional_phones then phones
        end as additional_phones,
        country,
        contact_type,
        contact_source,
        assigned_to,
        tags,
        custom_fields,
        dnd,
        {% for channel in channels %}
        dnd_{{ channel }},
        {% endfor %}
        inbound_dnd,
        {% for channel in ['email', 'sms', 'whatsapp'] %}
        case when dnd or dnd_{{ channel }} in ('active', 'permanent') then false end as consent_{{ channel }},
        {% endfor %}
        created_at,
        updated_at,
        {{ loader_columns() }}
    from pulled

)

select * from staged
