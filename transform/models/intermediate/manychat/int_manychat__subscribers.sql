{{
    config(
        materialized='kept',
        scope='int_manychat__changed_subscribers',
        scope_key=['account', 'id'],
        indexes=[{'columns': ['account', 'id'], 'unique': true}]
    )
}}

{%-
    set fields = [
        'full_name', 'first_name', 'last_name', 'whatsapp_phone', 'ig_username', 'locale', 'status', 'tags',
        'consent_email', 'consent_sms', 'consent_whatsapp', 'subscribed_at', 'last_interaction_at',
    ]
-%}
{%- set changed_subscribers = ref('int_manychat__changed_subscribers') -%}
{%- set only_changed -%}
{%- if not is_full_run() -%}
where (account, id) in (select changed.account, changed.id from {{ changed_subscribers }} as changed)
{%- endif -%}
{%- endset %}

-- depends_on: {{ ref('int_run') }}
with

subscribers as (

    select * from {{ ref('stg_manychat__subscribers') }}
    {{ only_changed }}

),

subscriber_pushes as (

    select
        *,
        null::text[] as tags
    from {{ ref('stg_manychat__subscriber_pushes') }}
    {{ only_changed }}

),

lookups as (

    select * from {{ ref('stg_manychat__lookups') }}
    {% if not is_full_run() %}
    where (account, value) in (
        select
            changed.account,
            changed.id
        from {{ changed_subscribers }} as changed
    )
    {% endif %}

),

-- A pull that brought nothing new left its row as it was; this says when it was.
pulls as (

    select
        account,
        value as id,
        max(tried_at) as pulled_at
    from lookups
    where kind = 'id' and was_found is not null
    group by account, value

),

sides as (

    select
        subscribers.account,
        subscribers.id,
        subscribers.emails,
        subscribers.phones,
        {% for field in fields + ['custom_fields', 'created_at', 'updated_at', '_first_loaded_at', '_deleted_at'] %}
        subscribers.{{ field }},
        {% endfor %}
        greatest(subscribers._loaded_at, pulls.pulled_at) as told_at
    from subscribers
    left join pulls on subscribers.account = pulls.account and subscribers.id = pulls.id
    union all
    select
        account,
        id,
        emails,
        phones,
        {% for field in fields + ['custom_fields', 'created_at', 'updated_at', '_first_loaded_at', '_deleted_at'] %}
        {{ field }},
        {% endfor %}
        coalesce(updated_at, _loaded_at) as told_at
    from subscriber_pushes

),

placed as (

    select
        *,
        row_number() over (partition by account, id order by told_at desc) as place
    from sides

),

merged as (

    select
        newer.account,
        newer.id,
        coalesce(nullif(newer.emails, '{}'), older.emails, '{}') as emails,
        coalesce(nullif(newer.phones, '{}'), older.phones, '{}') as phones,
        {% for field in fields %}
        coalesce(newer.{{ field }}, older.{{ field }}) as {{ field }},
        {% endfor %}
        nullif(
            coalesce(jsonb_strip_nulls(older.custom_fields), '{}') || coalesce(jsonb_strip_nulls(newer.custom_fields), '{}'),
            '{}'
        ) as custom_fields,
        least(newer.created_at, older.created_at) as created_at,
        greatest(newer.updated_at, older.updated_at) as updated_at,
        least(newer._first_loaded_at, older._first_loaded_at) as _first_loaded_at,
        newer._deleted_at
    from placed as newer
    left join placed as older on newer.account = older.account and newer.id = older.id and older.place = 2
    where newer.place = 1

)

select * from merged
