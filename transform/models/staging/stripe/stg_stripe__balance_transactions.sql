with

balance_transactions as (

    {{ rows_taken(source('staging_stripe', 'balance_transactions')) }}

),

currencies as (

    select * from {{ ref('currencies') }}

),

pulled as (

    select
        account,
        id,
        {{ function('json_id') }}(record -> 'source') as source_id,
        record ->> 'type' as type,
        record ->> 'reporting_category' as reporting_category,
        {{ function('json_integer') }}(record -> 'amount') as amount_minor,
        {{ function('json_integer') }}(record -> 'fee') as fee_minor,
        {{ function('json_integer') }}(record -> 'net') as net_minor,
        upper(record ->> 'currency') as currency,
        {{ function('json_number') }}(record -> 'exchange_rate') as exchange_rate,
        record ->> 'status' as status,
        {{ function('unix_time') }}(record -> 'available_on') as available_on,
        created_at,
        updated_at,
        {{ loader_columns() }}
    from balance_transactions

),

staged as (

    select
        pulled.*,
        {{ function('major_amount') }}(pulled.amount_minor, currencies.stripe_decimals) as amount,
        {{ function('major_amount') }}(pulled.fee_minor, currencies.stripe_decimals) as fee,
        {{ function('major_amount') }}(pulled.net_minor, currencies.stripe_decimals) as net
    from pulled
    left join currencies on pulled.currency = currencies.currency

)

select * from staged
