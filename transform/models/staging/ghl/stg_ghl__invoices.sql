with

invoices as (

    {{ rows_taken(source('staging_ghl', 'invoices')) }}

),

staged as (

    select
        account,
        id,
        record #>> '{contactDetails,id}' as contact_id,
        {{ function('clean_text') }}(record #>> '{contactDetails,name}') as full_name,
        {{ function('collect_emails') }}(
            record #>> '{contactDetails,email}', record #> '{contactDetails,additionalEmails}'
        ) as emails,
        {{ function('valid_phones') }}(phones) as phones,
        record ->> 'invoiceNumber' as number,
        record ->> 'name' as name,
        {{ function('json_number') }}(record -> 'total') as total,
        {{ function('json_number') }}(record -> 'amountDue') as amount_due,
        {{ function('json_number') }}(record -> 'amountPaid') as amount_paid,
        upper(record ->> 'currency') as currency,
        record ->> 'status' as status,
        {{ function('parse_date') }}(left(record ->> 'issueDate', 10), null) as issued_on,
        {{ function('parse_date') }}(left(record ->> 'dueDate', 10), null) as due_on,
        {{ function('json_flag') }}(record -> 'liveMode') as is_live,
        created_at,
        updated_at,
        {{ loader_columns() }}
    from invoices

)

select * from staged
