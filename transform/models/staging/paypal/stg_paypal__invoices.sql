with

invoices as (

    {{ rows_taken(source('staging_paypal', 'invoices')) }}

),

staged as (

    select
        account,
        id,
        record #>> '{detail,invoice_number}' as number,
        {{ function('json_name') }}(record #> '{primary_recipients,0,billing_info,name}') as full_name,
        {{ function('normalize_email') }}(record #>> '{primary_recipients,0,billing_info,email_address}') as email,
        {{ function('valid_phones') }}(phones) as phones,
        {{ function('json_number') }}(record #> '{amount,value}') as total,
        {{ function('json_number') }}(record #> '{due_amount,value}') as amount_due,
        {{ function('json_number') }}(record #> '{payments,paid_amount,value}') as amount_paid,
        {{ function('json_number') }}(record #> '{refunds,refund_amount,value}') as amount_refunded,
        upper(coalesce(record #>> '{amount,currency_code}', record #>> '{detail,currency_code}')) as currency,
        record ->> 'status' as status,
        {{ function('parse_date') }}(record #>> '{detail,invoice_date}', null) as issued_on,
        {{ function('parse_date') }}(record #>> '{detail,payment_term,due_date}', null) as due_on,
        record #>> '{payments,transactions,0,payment_id}' as transaction_id,
        created_at,
        updated_at,
        {{ loader_columns() }}
    from invoices

)

select * from staged
