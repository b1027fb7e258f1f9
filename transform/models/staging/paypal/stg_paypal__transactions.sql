with

transactions as (

    {{ rows_taken(source('staging_paypal', 'transactions')) }}

),

staged as (

    select
        account,
        id,
        record #>> '{transaction_info,transaction_id}' as transaction_id,
        record #>> '{transaction_info,transaction_event_code}' as event_code,
        coalesce(
            left(record #>> '{transaction_info,transaction_event_code}', 3) in ('T00', 'T13')
            and {{ function('json_number') }}(record #> '{transaction_info,transaction_amount,value}') > 0,
            false
        ) as is_incoming,
        nullif(
            coalesce(
                record #>> '{payer_info,account_id}', record #>> '{transaction_info,paypal_account_id}'
            ),
            ''
        ) as payer_account_id,
        coalesce(
            {{ function('json_name') }}(record #> '{payer_info,payer_name}'),
            {{ function('clean_text') }}(record #>> '{shipping_info,name}')
        ) as full_name,
        {{ function('normalize_email') }}(record #>> '{payer_info,email_address}') as email,
        {{ function('valid_phones') }}(phones) as phones,
        record #>> '{payer_info,country_code}' as country,
        {{ function('json_number') }}(record #> '{transaction_info,transaction_amount,value}') as amount,
        {{ function('json_number') }}(record #> '{transaction_info,fee_amount,value}') as fee,
        upper(record #>> '{transaction_info,transaction_amount,currency_code}') as currency,
        upper(record #>> '{transaction_info,fee_amount,currency_code}') as fee_currency,
        record #>> '{transaction_info,transaction_status}' as status,
        record #>> '{transaction_info,paypal_reference_id}' as reference_id,
        record #>> '{transaction_info,paypal_reference_id_type}' as reference_type,
        record #>> '{transaction_info,invoice_id}' as invoice_id,
        record #>> '{transaction_info,custom_field}' as custom_field,
        record #>> '{transaction_info,transaction_subject}' as subject,
        created_at,
        updated_at,
        {{ loader_columns() }}
    from transactions

)

select * from staged
