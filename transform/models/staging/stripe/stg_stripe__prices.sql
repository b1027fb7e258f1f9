with

prices as (

    {{ rows_taken(source('staging_stripe', 'prices')) }}

),

currencies as (

    select * from {{ ref('currencies') }}

),

pulled as (

    select
        account,
        id,
        {{ function('json_id') }}(record -> 'product') as product_id,
        record ->> 'nickname' as nickname,
        {{ function('json_integer') }}(record -> 'unit_amount') as unit_amount_minor,
        upper(record ->> 'currency') as currency,
        {{ function('json_number') }}(record -> 'unit_amount_decimal') as unit_amount_decimal,
        record ->> 'type' as type,
        record #>> '{recurring,interval}' as recurring_interval,
        {{ function('json_integer') }}(record #> '{recurring,interval_count}') as recurring_interval_count,
        {{ function('json_flag') }}(record -> 'active') as is_active,
        {{ function('json_flag') }}(record -> 'livemode') as is_live,
        record -> 'metadata' as metadata,
        created_at,
        updated_at,
        {{ loader_columns() }}
    from prices

),

staged as (

    select
        pulled.*,
        {{ function('major_amount') }}(pulled.unit_amount_minor, currencies.stripe_decimals) as unit_amount
    from pulled
    left join currencies on pulled.currency = currencies.currency

)

select * from staged
