{{ config(materialized='ephemeral') }}

{# The rows of new batches; and rows that are made of several others, where these have changed. #}
{%-
    set streams = [
        {'source': 'csv', 'stream': 'imports', 'model': ref('stg_csv__imports')},
        {'source': 'ghl', 'stream': 'contacts', 'model': ref('stg_ghl__contacts')},
        {'source': 'stripe', 'stream': 'customers', 'model': ref('stg_stripe__customers')},
        {'source': 'stripe', 'stream': 'charges', 'model': ref('stg_stripe__charges')},
        {'source': 'stripe', 'stream': 'checkout_sessions', 'model': ref('stg_stripe__checkout_sessions')},
    ]
-%}

with

changed_subscribers as (

    select * from {{ ref('int_manychat__changed_subscribers') }}

),

changed_places as (

    select * from {{ differing(ref('int_identity__identifier_places')) }} as changed_places

),

changed_merges as (

    select * from {{ differing(ref('int_ghl__merges')) }} as changed_merges

),

changed_payers as (

    select * from {{ differing(ref('int_paypal__payers')) }} as changed_payers

),

changed_rows as (

    {{ rows_of_new_batches(streams, ref('int_batches_taken'), ref('int_csv__changed_files')) }}
    union
    select
        'ghl' as source,
        'contacts' as stream,
        account,
        id
    from {{ ref('stg_ghl__contacts') }}
    where
        account in (
            select changed_places.account from changed_places
            where changed_places.source = 'ghl'
        )
    union
    select
        'manychat' as source,
        'subscribers' as stream,
        account,
        id
    from changed_subscribers
    union
    select
        'ghl' as source,
        'contacts' as stream,
        account,
        survivor_id as id
    from changed_merges
    union
    select
        'paypal' as source,
        'payers' as stream,
        account,
        id
    from changed_payers

)

select * from changed_rows
