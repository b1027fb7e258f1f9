with

payouts as (

    {{ rows_taken(source('staging_stripe', 'payouts')) }}

),

currencies as (

    select * from {{ ref('currencies') }}

),

pulled as (

    select
        account,
        id,
        {{ function('json_id') }}(record -> 'balance_transaction') as balance_transaction_id,
        {{ function('json_integer') }}(record -> 'amount') as amount_minor,
        upper(record ->> 'currency') as currency,
        record ->> 'status' as status,
        {{ function('unix_time') }}(record -> 'arrival_date') as arrives_at,
        {{ function('json_flag') }}(record -> 'automatic') as is_automatic,
        {{ function('json_flag') }}(record -> 'livemode') as is_live,
        record -> 'metadata' as metadata,
        created_at,
        updated_at,
        {{ loader_columns() }}
    from payouts

),

staged as (

    select
        pulled.*,
        {{ function('major_amount') }}(pulled.amount_minor, currencies.stripe_decimals) as amount
    from pulled
    left join currencies on pulled.currency = currencies.currency

)

select * from staged
