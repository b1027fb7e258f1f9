with

disputes as (

    {{ rows_taken(source('staging_stripe', 'disputes')) }}

),

currencies as (

    select * from {{ ref('currencies') }}

),

pulled as (

    select
        account,
        id,
        {{ function('json_id') }}(record -> 'charge') as charge_id,
        {{ function('json_id') }}(record -> 'payment_intent') as payment_intent_id,
        {{ function('json_integer') }}(record -> 'amount') as amount_minor,
        upper(record ->> 'currency') as currency,
        record ->> 'status' as status,
        record ->> 'reason' as reason,
        record #>> '{evidence,customer_name}' as customer_name,
        {{ function('normalize_email') }}(record #>> '{evidence,customer_email_address}') as customer_email,
        {{ function('unix_time') }}(record #> '{evidence_details,due_by}') as due_at,
        {{ function('json_flag') }}(record -> 'livemode') as is_live,
        record -> 'metadata' as metadata,
        created_at,
        updated_at,
        {{ loader_columns() }}
    from disputes

),

staged as (

    select
        pulled.*,
        {{ function('major_amount') }}(pulled.amount_minor, currencies.stripe_decimals) as amount
    from pulled
    left join currencies on pulled.currency = currencies.currency

)

select * from staged
