with

payment_subscriptions as (

    {{ rows_taken(source('staging_ghl', 'payment_subscriptions')) }}

),

staged as (

    select
        account,
        id,
        record ->> 'contactId' as contact_id,
        {{ function('clean_text') }}(record ->> 'contactName') as full_name,
        {{ function('normalize_email') }}(record ->> 'contactEmail') as email,
        {{ function('json_number') }}(record -> 'amount') as amount,
        upper(record ->> 'currency') as currency,
        record ->> 'status' as status,
        record ->> 'paymentProviderType' as provider,
        record ->> 'subscriptionId' as provider_subscription_id,
        record ->> 'entityType' as entity_type,
        record ->> 'entityId' as entity_id,
        {{ function('json_flag') }}(record -> 'liveMode') as is_live,
        created_at,
        updated_at,
        {{ loader_columns() }}
    from payment_subscriptions

)

select * from staged
