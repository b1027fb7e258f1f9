{{ config(materialized='ephemeral') }}

{# Which rows of which model are records, where the other identifiers may hide in them, and which consents they tell. #}
{%-
    set streams = [
        {
            'source': 'ghl', 'stream': 'contacts', 'model': ref('stg_ghl__contacts'), 'fields': 'staged.custom_fields',
            'per_account': true, 'consents': ['email', 'sms', 'whatsapp'],
        },
        {
            'source': 'manychat', 'stream': 'subscribers', 'model': current(ref('int_manychat__subscribers')),
            'fields': 'staged.custom_fields', 'consents': ['email', 'sms', 'whatsapp'], 'country': 'null',
        },
        {'source': 'stripe', 'stream': 'customers', 'model': ref('stg_stripe__customers'), 'fields': 'staged.metadata'},
        {
            'source': 'stripe', 'stream': 'charges', 'model': ref('stg_stripe__charges'), 'fields': 'staged.metadata',
            'person': 'staged.customer_id is null',
        },
        {
            'source': 'stripe', 'stream': 'checkout_sessions', 'model': ref('stg_stripe__checkout_sessions'),
            'fields': 'staged.metadata', 'person': 'staged.customer_id is null', 'consents': ['email'],
        },
        {'source': 'paypal', 'stream': 'payers', 'model': next_version(ref('int_paypal__payers')), 'fields': 'null::jsonb'},
    ]
-%}

-- depends_on: {{ ref('int_identity__changed') }}
-- depends_on: {{ ref('int_run') }}
with

identifier_places as (

    select * from {{ next_version(ref('int_identity__identifier_places')) }}

),

own_ids as (

    select
        identifier_fields.source,
        identifier_fields.stream,
        min(identifier_fields.kind) as kind
    from {{ ref('int_rules__identifier_fields') }} as identifier_fields
    inner join {{ ref('int_rules__kinds') }} as identity_rules on identifier_fields.kind = identity_rules.kind
    where identifier_fields.place = 'id'
    group by identifier_fields.source, identifier_fields.stream

),

lost_ids as (

    select
        ghl_merges.account,
        ghl_merges.survivor_id,
        jsonb_agg(jsonb_build_array(own_ids.kind, ghl_merges.lost_id) order by ghl_merges.lost_id) as identifiers
    from {{ next_version(ref('int_ghl__merges')) }} as ghl_merges
    inner join own_ids on own_ids.source = 'ghl' and own_ids.stream = 'contacts'
    group by ghl_merges.account, ghl_merges.survivor_id

),

people as (

    {% for stream in streams %}
    select
        '{{ stream.source }}' as source,
        '{{ stream.stream }}' as stream,
        staged.account,
        staged.id,
        staged.full_name,
        staged.emails,
        staged.phones,
        {{ stream.fields }} as fields,
        {{ 'staged.account' if stream.per_account else "''" }} as fields_account,
        {{ stream.get('country', 'staged.country') }} as country,
        {% for consent in ['email', 'sms', 'whatsapp'] %}
        {{ 'staged.consent_' ~ consent if consent in stream.consents else 'null::boolean' }} as consent_{{ consent }},
        {% endfor %}
        staged.created_at,
        staged.updated_at,
        {{ stream.get('person', 'true') }} as is_person,
        staged._first_loaded_at,
        staged._deleted_at
    from {{ stream.model }} as staged
    {% if not is_full_run() %}
    where (staged.account, staged.id) in (
        select
            changed.account,
            changed.id
        from {{ ref('int_identity__changed') }} as changed
        where changed.source = '{{ stream.source }}' and changed.stream = '{{ stream.stream }}'
    )
    {% endif %}
    {{ 'union all' if not loop.last }}
    {% endfor %}

),

api_rows as (

    select
        people.*,
        nullif(
            case when own_ids.kind is null then '[]' else jsonb_build_array(jsonb_build_array(own_ids.kind, people.id)) end
            || coalesce(
                {{ function('mapped_identifiers') }}(people.fields, identifier_places.kinds, identifier_places.keys), '[]'
            )
            || coalesce(lost_ids.identifiers, '[]'),
            '[]'
        ) as identifiers
    from people
    left join own_ids on people.source = own_ids.source and people.stream = own_ids.stream
    left join identifier_places
        on
            people.source = identifier_places.source
            and people.stream = identifier_places.stream
            and people.fields_account = identifier_places.account
    left join lost_ids on people.source = 'ghl' and people.account = lost_ids.account and people.id = lost_ids.survivor_id

)

select * from api_rows
