with

checkout_sessions as (

    {{ rows_taken(source('staging_stripe', 'checkout_sessions')) }}

),

currencies as (

    select * from {{ ref('currencies') }}

),

pulled as (

    select
        account,
        id,
        {{ function('json_id') }}(record -> 'customer') as customer_id,
        {{ function('json_id') }}(record -> 'payment_intent') as payment_intent_id,
        {{ function('json_id') }}(record -> 'subscription') as subscription_id,
        {{ function('json_id') }}(record -> 'invoice') as invoice_id,
        {{ function('clean_text') }}(
            coalesce(
                record #>> '{customer_details,name}',
                record #>> '{customer_details,individual_name}',
                record #>> '{customer_details,business_name}',
                record #>> '{shipping_details,name}'
            )
        ) as full_name,
        {{ function('collect_emails') }}(record #>> '{customer_details,email}', record -> 'customer_email') as emails,
        {{ function('valid_phones') }}(phones) as phones,
        coalesce(
            record #>> '{customer_details,address,country}', record #>> '{shipping_details,address,country}'
        ) as country,
        record ->> 'client_reference_id' as client_reference_id,
        {{ function('json_integer') }}(record -> 'amount_total') as amount_total_minor,
        upper(record ->> 'currency') as currency,
        record ->> 'status' as status,
        record ->> 'payment_status' as payment_status,
        record ->> 'mode' as mode,
        case record #>> '{consent,promotions}' when 'opt_in' then true when 'opt_out' then false end as consent_email,
        {{ function('json_flag') }}(record -> 'livemode') as is_live,
        record -> 'metadata' as metadata,
        created_at,
        updated_at,
        {{ loader_columns() }}
    from checkout_sessions

),

staged as (

    select
        pulled.*,
        {{ function('major_amount') }}(pulled.amount_total_minor, currencies.stripe_decimals) as amount_total
    from pulled
    left join currencies on pulled.currency = currencies.currency

)

select * from staged
