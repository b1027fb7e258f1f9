{{ config(post_hook='create index if not exists stg_stripe__charges_by_intent on {{ this }} (payment_intent_id)') }}

with

charges as (

    {{ rows_taken(source('staging_stripe', 'charges')) }}

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
        {{ function('json_id') }}(record -> 'balance_transaction') as balance_transaction_id,
        {{ function('clean_text') }}(
            coalesce(record #>> '{billing_details,name}', record #>> '{shipping,name}')
        ) as full_name,
        {{ function('collect_emails') }}(record #>> '{billing_details,email}', record -> 'receipt_email') as emails,
        {{ function('valid_phones') }}(phones) as phones,
        coalesce(record #>> '{billing_details,address,country}', record #>> '{shipping,address,country}') as country,
        {{ function('json_integer') }}(record -> 'amount') as amount_minor,
        {{ function('json_integer') }}(record -> 'amount_captured') as amount_captured_minor,
        {{ function('json_integer') }}(record -> 'amount_refunded') as amount_refunded_minor,
        upper(record ->> 'currency') as currency,
        record ->> 'status' as status,
        {{ function('json_flag') }}(record -> 'captured') as is_captured,
        {{ function('json_flag') }}(record -> 'refunded') as is_refunded,
        {{ function('json_flag') }}(record -> 'disputed') as is_disputed,
        record ->> 'failure_code' as failure_code,
        record #>> '{payment_method_details,card,fingerprint}' as card_fingerprint,
        record ->> 'description' as description,
        {{ function('json_flag') }}(record -> 'livemode') as is_live,
        record -> 'metadata' as metadata,
        created_at,
        updated_at,
        {{ loader_columns() }}
    from charges

),

staged as (

    select
        pulled.*,
        {{ function('major_amount') }}(pulled.amount_minor, currencies.stripe_decimals) as amount,
        {{ function('major_amount') }}(pulled.amount_captured_minor, currencies.stripe_decimals) as amount_captured,
        {{ function('major_amount') }}(pulled.amount_refunded_minor, currencies.stripe_decimals) as amount_refunded
    from pulled
    left join currencies on pulled.currency = currencies.currency

)

select * from staged
