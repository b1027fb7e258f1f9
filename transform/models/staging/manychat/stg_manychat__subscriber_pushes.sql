with

subscriber_pushes as (

    {{ rows_taken(source('staging_manychat', 'subscriber_pushes')) }}

),

-- A flow's author may have wrapped what ManyChat calls its full contact data.
unwrapped as (

    select
        account,
        id,
        case when jsonb_typeof(record -> 'data') = 'object' then record -> 'data' else record end as record,
        phones,
        created_at,
        updated_at,
        {{ loader_columns() }}
    from subscriber_pushes

),

staged as (

    select
        account,
        id,
        {{ function('clean_text') }}(
            coalesce(
                nullif(concat_ws(' ', record ->> 'first_name', record ->> 'last_name'), ''), record ->> 'name'
            )
        ) as full_name,
        record ->> 'first_name' as first_name,
        record ->> 'last_name' as last_name,
        {{ function('collect_emails') }}(record ->> 'email', null) as emails,
        {{ function('valid_phones') }}(phones) as phones,
        record ->> 'whatsapp_phone' as whatsapp_phone,
        record ->> 'ig_username' as ig_username,
        record ->> 'locale' as locale,
        record ->> 'status' as status,
        {{ function('json_flag') }}(record -> 'optin_email') as consent_email,
        {{ function('json_flag') }}(record -> 'optin_phone') as consent_sms,
        {{ function('json_flag') }}(record -> 'optin_whatsapp') as consent_whatsapp,
        {{ function('json_pairs') }}(record -> 'custom_fields', 'name') as custom_fields,
        {{ function('parse_timestamp') }}(record ->> 'subscribed', null, null) as subscribed_at,
        {{ function('parse_timestamp') }}(record ->> 'last_interaction', null, null) as last_interaction_at,
        created_at,
        updated_at,
        {{ loader_columns() }}
    from unwrapped

)

select * from staged
