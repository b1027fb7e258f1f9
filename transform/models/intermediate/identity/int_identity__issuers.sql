{{ config(materialized='kept') }}

{#- Streams whose own id is an identifier; the accounts of a stream are found one by one in the key of its staging table. -#}
{%-
    set streams = [
        {'source': 'ghl', 'stream': 'contacts', 'models': [ref('stg_ghl__contacts')]},
        {
            'source': 'manychat', 'stream': 'subscribers',
            'models': [ref('stg_manychat__subscribers'), ref('stg_manychat__subscriber_pushes')],
        },
    ]
-%}

-- depends_on: {{ ref('int_run') }}
with recursive

steps as (

    select * from {{ ref('int_identity__steps') }}

),

identifier_fields as (

    select * from {{ ref('int_rules__identifier_fields') }}

),

accounts as (

    select * from {{ ref('int_rules__accounts') }}

),

{% for stream in streams %}
{% for model in stream.models %}
{{ stream.source }}_{{ loop.index }} as (

    (
        select account from {{ model }}
        order by account
        limit 1
    )
    union all
    select (
        select following.account from {{ model }} as following
        where following.account > found.account
        order by following.account
        limit 1
    ) as account
    from {{ stream.source }}_{{ loop.index }} as found
    where found.account is not null

),
{% endfor %}
{% endfor %}

found as (

    {% for stream in streams %}
    {% set outer_loop = loop %}
    {% for model in stream.models %}
    select
        '{{ stream.source }}' as source,
        '{{ stream.stream }}' as stream,
        account
    from {{ stream.source }}_{{ loop.index }}
    where account is not null
    {{ 'union' if not (loop.last and outer_loop.last) }}
    {% endfor %}
    {% endfor %}

),

-- Whose ids are unique within an account only, and which accounts give such ids.
issuers as (

    select distinct
        coalesce(accounts.business, 'main') as business,
        steps.kind,
        found.source,
        found.stream,
        found.account
    from found
    inner join identifier_fields
        on found.source = identifier_fields.source and found.stream = identifier_fields.stream and identifier_fields.place = 'id'
    inner join steps on identifier_fields.kind = steps.kind and steps.is_per_account
    left join accounts on found.source = accounts.source and found.account = accounts.account

)

select * from issuers
