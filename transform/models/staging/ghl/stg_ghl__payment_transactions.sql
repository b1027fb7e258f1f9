with

payment_transactions as (

    {{ rows_taken(source('staging_ghl', 'payment_transactions')) }}

),

staged as (

    select
        account,
        id,
        record ->> 'contactId' as contact_id,
        nullif(record ->> 'mergedFromContactId', '') as merged_from_contact_id,
        {{ function('clean_text') }}(record ->> 'contactName') as full_name,
        {{ function('normalize_email') }}(record ->> 'contactEmail') as email,
        {{ function('json_number') }}(record -> 'amount') as amount,
        {{ function('json_number') }}(record -> 'amountRefunded') as amount_refunded,
        upper(record ->> 'currency') as currency,
        record ->> 'status' as status,
        record ->> 'paymentProviderType' as provider,
        record ->> 'chargeId' as charge_id,
        record ->> 'subscriptionId' as provider_subscription_id,
        record ->> 'entityType' as entity_type,
        record ->> 'entityId' as entity_id,
        {{ function('json_flag') }}(record -> 'liveMode') as is_live,
        {{ function('parse_timestamp') }}(record ->> 'fulfilledAt', null, null) as fulfilled_at,
        created_at,
        updated_at,
        {{ loader_columns() }}
    from payment_transactions

)

select * from staged
