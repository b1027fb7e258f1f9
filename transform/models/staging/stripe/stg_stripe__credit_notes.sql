with

credit_notes as (

    {{ rows_taken(source('staging_stripe', 'credit_notes')) }}

),

currencies as (

    select * from {{ ref('currencies') }}

),

pulled as (

    select
        account,
        id,
        {{ function('json_id') }}(record -> 'customer') as customer_id,
        {{ function('json_id') }}(record -> 'invoice') as invoice_id,
        record ->> 'number' as number,
        {{ function('json_integer') }}(record -> 'total') as total_minor,
        upper(record ->> 'currency') as currency,
        record ->> 'status' as status,
        record ->> 'reason' as reason,
        {{ function('unix_time') }}(record -> 'voided_at') as voided_at,
        {{ function('json_flag') }}(record -> 'livemode') as is_live,
        record -> 'metadata' as metadata,
        created_at,
        updated_at,
        {{ loader_columns() }}
    from credit_notes

),

staged as (

    select
        pulled.*,
        {{ function('major_amount') }}(pulled.total_minor, currencies.stripe_decimals) as total
    from pulled
    left join currencies on pulled.currency = currencies.currency

)

select * from staged
