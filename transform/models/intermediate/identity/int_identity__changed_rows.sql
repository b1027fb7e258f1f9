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

new_batches as (

    select batch_id from {{ ref('int_batches_taken') }}
    where is_new

),

changed_subscribers as (

    select * from {{ ref('int_manychat__changed_subscribers') }}

),

changed_files as (

    select * from {{ ref('int_csv__changed_files') }}

),

places as (

    select * from {{ next_version(ref('int_identity__identifier_places')) }}

),

places_before as (

    select * from {{ ref('int_identity__identifier_places') }}

),

changed_places as (

    (

        select * from places

        except

        select * from places_before

    )
    union
    (
        select * from places_before
        except
        select * from places
    )

),

ghl_merges as (

    select * from {{ next_version(ref('int_ghl__merges')) }}

),

ghl_merges_before as (

    select * from {{ ref('int_ghl__merges') }}

),

changed_merges as (

    (

        select * from ghl_merges

        except

        select * from ghl_merges_before

    )
    union
    (
        select * from ghl_merges_before
        except
        select * from ghl_merges
    )

),

payers as (

    select * from {{ next_version(ref('int_paypal__payers')) }}

),

payers_before as (

    select * from {{ ref('int_paypal__payers') }}

),

changed_payers as (

    (

        select * from payers

        except

        select * from payers_before

    )
    union
    (
        select * from payers_before
        except
        select * from payers
    )

),

changed_rows as (

    {% for stream in streams %}
    select
        '{{ stream.source }}' as source,
        '{{ stream.stream }}' as stream,
        staged.account,
        staged.id
    from {{ stream.model }} as staged
    where staged._batch_id in (select new_batches.batch_id from new_batches)
    union all
    {% endfor %}
    select
        'csv' as source,
        'imports' as stream,
        imports.account,
        imports.id
    from changed_files
    inner join {{ ref('stg_csv__imports') }} as imports
        on changed_files.account = imports.account and changed_files.file_id = imports.file_id
    union all
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
    union all
    select
        'manychat' as source,
        'subscribers' as stream,
        account,
        id
    from changed_subscribers
    union all
    select
        'ghl' as source,
        'contacts' as stream,
        account,
        survivor_id as id
    from changed_merges
    union all
    select
        'paypal' as source,
        'payers' as stream,
        account,
        id
    from changed_payers

)

select * from changed_rows
