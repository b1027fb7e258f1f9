with

subscription_transactions as (

    {{ rows_taken(source('staging_paypal', 'subscription_transactions')) }}

),

staged as (

    select
        account,
        id,
        origin ->> 'subscription' as subscription_id,
        {{ function('json_name') }}(record -> 'payer_name') as full_name,
        {{ function('normalize_email') }}(record ->> 'payer_email') as email,
        {{ function('json_number') }}(record #> '{amount_with_breakdown,gross_amount,value}') as amount,
        {{ function('json_number') }}(record #> '{amount_with_breakdown,fee_amount,value}') as fee,
        {{ function('json_number') }}(record #> '{amount_with_breakdown,net_amount,value}') as net,
        upper(record #>> '{amount_with_breakdown,gross_amount,currency_code}') as currency,
        record ->> 'status' as status,
        {{ function('parse_timestamp') }}(record ->> 'time', null, null) as paid_at,
        created_at,
        updated_at,
        {{ loader_columns() }}
    from subscription_transactions

)

select * from staged
