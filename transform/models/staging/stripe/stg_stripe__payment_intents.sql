with

payment_intents as (

    {{ rows_taken(source('staging_stripe', 'payment_intents')) }}

),

currencies as (

    select * from {{ ref('currencies') }}

),

pulled as (

    select
        account,
        id,
        {{ function('json_id') }}(record -> 'customer') as customer_id,
        {{ function('json_id') }}(record -> 'latest_charge') as latest_charge_id,
        {{ function('collect_emails') }}(record ->> 'receipt_email', null) as emails,
        {{ function('valid_phones') }}(phones) as phones,
        {{ function('json_integer') }}(record -> 'amount') as amount_minor,
        {{ function('json_integer') }}(record -> 'amount_received') as amount_received_minor,
        upper(record ->> 'currency') as currency,
        record ->> 'status' as status,
        {{ function('unix_time') }}(record -> 'canceled_at') as canceled_at,
        record ->> 'description' as description,
        {{ function('json_flag') }}(record -> 'livemode') as is_live,
        record -> 'metadata' as metadata,
        created_at,
        updated_at,
        {{ loader_columns() }}
    from payment_intents

),

staged as (

    select
        pulled.*,
        {{ function('major_amount') }}(pulled.amount_minor, currencies.stripe_decimals) as amount,
        {{ function('major_amount') }}(pulled.amount_received_minor, currencies.stripe_decimals) as amount_received
    from pulled
    left join currencies on pulled.currency = currencies.currency

)

select * from staged
