with

invoices as (

    {{ rows_taken(source('staging_stripe', 'invoices')) }}

),

currencies as (

    select * from {{ ref('currencies') }}

),

pulled as (

    select
        account,
        id,
        {{ function('json_id') }}(record -> 'customer') as customer_id,
        coalesce(
            {{ function('json_id') }}(record #> '{parent,subscription_details,subscription}'),
            {{ function('json_id') }}(record -> 'subscription')
        ) as subscription_id,
        record ->> 'number' as number,
        {{ function('clean_text') }}(record ->> 'customer_name') as full_name,
        {{ function('collect_emails') }}(record ->> 'customer_email', null) as emails,
        {{ function('valid_phones') }}(phones) as phones,
        record #>> '{customer_address,country}' as country,
        {{ function('json_integer') }}(record -> 'total') as total_minor,
        {{ function('json_integer') }}(record -> 'amount_due') as amount_due_minor,
        {{ function('json_integer') }}(record -> 'amount_paid') as amount_paid_minor,
        {{ function('json_integer') }}(record -> 'amount_remaining') as amount_remaining_minor,
        upper(record ->> 'currency') as currency,
        record ->> 'status' as status,
        record ->> 'billing_reason' as billing_reason,
        {{ function('unix_time') }}(record -> 'due_date') as due_at,
        {{ function('unix_time') }}(record #> '{status_transitions,finalized_at}') as finalized_at,
        {{ function('unix_time') }}(record #> '{status_transitions,paid_at}') as paid_at,
        {{ function('unix_time') }}(record #> '{status_transitions,voided_at}') as voided_at,
        {{ function('unix_time') }}(record -> 'period_start') as period_start,
        {{ function('unix_time') }}(record -> 'period_end') as period_end,
        {{ function('json_flag') }}(record -> 'livemode') as is_live,
        record -> 'metadata' as metadata,
        created_at,
        updated_at,
        {{ loader_columns() }}
    from invoices

),

staged as (

    select
        pulled.*,
        {{ function('major_amount') }}(pulled.total_minor, currencies.stripe_decimals) as total,
        {{ function('major_amount') }}(pulled.amount_due_minor, currencies.stripe_decimals) as amount_due,
        {{ function('major_amount') }}(pulled.amount_paid_minor, currencies.stripe_decimals) as amount_paid,
        {{ function('major_amount') }}(pulled.amount_remaining_minor, currencies.stripe_decimals) as amount_remaining
    from pulled
    left join currencies on pulled.currency = currencies.currency

)

select * from staged
