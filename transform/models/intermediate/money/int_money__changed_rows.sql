{#- Which rows may tell something new about money? A full run reads all rows and needs no list. -#}
{%-
    set streams = [
        {'source': 'stripe', 'stream': 'charges', 'model': ref('stg_stripe__charges')},
        {'source': 'stripe', 'stream': 'refunds', 'model': ref('stg_stripe__refunds')},
        {'source': 'stripe', 'stream': 'disputes', 'model': ref('stg_stripe__disputes')},
        {'source': 'paypal', 'stream': 'transactions', 'model': ref('stg_paypal__transactions')},
        {'source': 'ghl', 'stream': 'payment_transactions', 'model': ref('stg_ghl__payment_transactions')},
        {'source': 'csv', 'stream': 'imports', 'model': ref('stg_csv__imports')},
    ]
-%}
-- depends_on: {{ ref('int_batches_taken') }}
-- depends_on: {{ ref('int_csv__changed_files') }}
-- depends_on: {{ ref('int_run') }}
-- depends_on: {{ ref('stg_stripe__balance_transactions') }}
-- depends_on: {{ ref('stg_stripe__invoice_payments') }}
with

{% if is_full_run() %}

changed_rows as (

    select
        null::text as row_key,
        null::text as source,
        null::text as stream,
        null::text as account,
        null::text as id
    where false

)

{% else %}

new_batches as (

    select batch_id from {{ ref('int_batches_taken') }}
    where is_new

),

charges as (

    select * from {{ ref('stg_stripe__charges') }}

),

invoice_payments as (

    select * from {{ ref('stg_stripe__invoice_payments') }}

),

told as (

    select * from {{ standing('int_money__told') }}

),

-- A line of Stripe's ledger tells fee and net of what it is for.
ledger_lines as (

    select
        account,
        source_id
    from {{ ref('stg_stripe__balance_transactions') }}
    where _batch_id in (select new_batches.batch_id from new_batches) and source_id is not null

),

intents as (

    select distinct payment_intent_id from charges
    where _batch_id in (select new_batches.batch_id from new_batches) and payment_intent_id is not null

),

-- What charges may be called by others, since these charges or their invoices are new.
names as (

    select payment_intent_id as known_as from intents
    union
    select invoice_id as known_as from invoice_payments
    where _batch_id in (select new_batches.batch_id from new_batches)
    union
    select invoice_payments.invoice_id as known_as
    from intents
    inner join invoice_payments on intents.payment_intent_id = invoice_payments.payment_intent_id

),

found as (

    {{ rows_of_new_batches(streams, ref('int_batches_taken'), ref('int_csv__changed_files')) }}
    union
    select
        'stripe' as source,
        streams.stream,
        ledger_lines.account,
        ledger_lines.source_id as id
    from ledger_lines
    cross join (values ('charges'), ('refunds')) as streams (stream)
    union
    select
        told.source,
        told.stream,
        told.account,
        told.id
    from names
    inner join told on names.known_as = told.known_as
    where told.teller > 1 and told.provider = 'stripe'

),

changed_rows as (

    select
        source || ':' || stream || ':' || account || ':' || id as row_key,
        source,
        stream,
        account,
        id
    from found

)

{% endif %}

select * from changed_rows
