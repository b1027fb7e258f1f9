{{
    config(
        post_hook=[
            'create index if not exists stg_stripe__invoice_payments_by_invoice on {{ this }} (invoice_id)',
            'create index if not exists stg_stripe__invoice_payments_by_intent on {{ this }} (payment_intent_id)',
        ]
    )
}}

with

invoice_payments as (

    {{ rows_taken(source('staging_stripe', 'invoice_payments')) }}

),

currencies as (

    select * from {{ ref('currencies') }}

),

pulled as (

    select
        account,
        id,
        {{ function('json_id') }}(record -> 'invoice') as invoice_id,
        {{ function('json_id') }}(record #> '{payment,payment_intent}') as payment_intent_id,
        {{ function('json_id') }}(record #> '{payment,charge}') as charge_id,
        {{ function('json_integer') }}(record -> 'amount_paid') as amount_paid_minor,
        {{ function('json_integer') }}(record -> 'amount_requested') as amount_requested_minor,
        upper(record ->> 'currency') as currency,
        record ->> 'status' as status,
        {{ function('unix_time') }}(record #> '{status_transitions,paid_at}') as paid_at,
        {{ function('json_flag') }}(record -> 'livemode') as is_live,
        created_at,
        updated_at,
        {{ loader_columns() }}
    from invoice_payments

),

staged as (

    select
        pulled.*,
        {{ function('major_amount') }}(pulled.amount_paid_minor, currencies.stripe_decimals) as amount_paid,
        {{ function('major_amount') }}(pulled.amount_requested_minor, currencies.stripe_decimals) as amount_requested
    from pulled
    left join currencies on pulled.currency = currencies.currency

)

select * from staged
