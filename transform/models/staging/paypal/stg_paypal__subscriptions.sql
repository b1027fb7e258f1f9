with

subscriptions as (

    {{ rows_taken(source('staging_paypal', 'subscriptions')) }}

),

staged as (

    select
        account,
        id,
        record ->> 'plan_id' as plan_id,
        record ->> 'custom_id' as custom_id,
        record #>> '{subscriber,payer_id}' as payer_account_id,
        {{ function('json_name') }}(record #> '{subscriber,name}') as full_name,
        {{ function('normalize_email') }}(record #>> '{subscriber,email_address}') as email,
        {{ function('valid_phones') }}(phones) as phones,
        record ->> 'status' as status,
        {{ function('parse_timestamp') }}(record ->> 'status_update_time', null, null) as status_changed_at,
        {{ function('parse_timestamp') }}(record ->> 'start_time', null, null) as started_at,
        {{ function('json_number') }}(record -> 'quantity') as quantity,
        {{ function('json_number') }}(record #> '{billing_info,last_payment,amount,value}') as amount,
        upper(record #>> '{billing_info,last_payment,amount,currency_code}') as currency,
        {{ function('parse_timestamp') }}(record #>> '{billing_info,last_payment,time}', null, null) as last_paid_at,
        {{ function('parse_timestamp') }}(record #>> '{billing_info,next_billing_time}', null, null) as next_billing_at,
        {{ function('json_integer') }}(record #> '{billing_info,failed_payments_count}') as failed_payments,
        created_at,
        updated_at,
        {{ loader_columns() }}
    from subscriptions

)

select * from staged
