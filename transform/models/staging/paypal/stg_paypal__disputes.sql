with

disputes as (

    {{ rows_taken(source('staging_paypal', 'disputes')) }}

),

staged as (

    select
        account,
        id,
        record #>> '{disputed_transactions,0,seller_transaction_id}' as transaction_id,
        record #>> '{disputed_transactions,0,buyer,payer_id}' as payer_account_id,
        {{ function('clean_text') }}(record #>> '{disputed_transactions,0,buyer,name}') as full_name,
        {{ function('normalize_email') }}(record #>> '{disputed_transactions,0,buyer,email}') as email,
        {{ function('json_number') }}(record #> '{dispute_amount,value}') as amount,
        upper(record #>> '{dispute_amount,currency_code}') as currency,
        record ->> 'reason' as reason,
        record ->> 'status' as status,
        record #>> '{dispute_outcome,outcome_code}' as outcome,
        created_at,
        updated_at,
        {{ loader_columns() }}
    from disputes

)

select * from staged
