-- depends_on: {{ ref('int_identity__touched') }}
-- depends_on: {{ ref('int_run') }}
with

money_invoices as (

    select * from {{ next_version(ref('int_money__invoices')) }}

),

{% if not is_full_run() %}

payers as (

    select distinct record_key from money_invoices
    where record_key is not null

),

{% endif %}

clusters as (

    select
        record_key,
        client_id
    from {{ current(ref('int_identity__clusters'), of='payers', by='record_key') }} as clusters

),

invoices as (

    select
        money_invoices.invoice_key,
        clusters.client_id,
        money_invoices.business,
        money_invoices.provider,
        money_invoices.account,
        money_invoices.id,
        money_invoices.number,
        money_invoices.status,
        money_invoices.provider_status,
        money_invoices.total,
        money_invoices.amount_due,
        money_invoices.amount_paid,
        money_invoices.currency,
        money_invoices.subscription_id,
        money_invoices.issued_at,
        money_invoices.due_at,
        money_invoices.paid_at,
        money_invoices.record_key,
        money_invoices.deleted_at
    from money_invoices
    left join clusters on money_invoices.record_key = clusters.record_key

)

select * from invoices
