{#- Which value of a client wins because somebody has decided so: pinned, or preferred for all clients alike? -#}
{%- set fields = client_fields('offers', 'name') -%}
with

decisions as (

    select * from {{ next_version(ref('int_decisions')) }}
    where decision in ('pinned', 'preferred')

),

offers as (

    select * from {{ ref('int_identity__offers') }}

),

matching as (

    {% for field, values in fields.items() %}
    select
        offers.client_id,
        decisions.field,
        listed.value,
        decisions.decision = 'preferred' as is_preferred,
        decisions.decision_id,
        offers.place as record_place,
        listed.place
    from decisions
    inner join offers
        on
            decisions.field = '{{ field }}'
            and coalesce(decisions.record_key = offers.record_key, decisions.decision = 'preferred')
            and coalesce(decisions.source = offers.source, true)
    cross join unnest({{ values }}) with ordinality as listed (value, place)
    where listed.value is not null and coalesce(listed.value like decisions.pattern, true)
    {{ 'union all' if not loop.last }}
    {% endfor %}

),

-- A pin before a preference, a later decision before an earlier one, and then the client's usual order.
chosen as (

    select distinct on (client_id, field)
        client_id,
        field,
        value,
        case when is_preferred then 'preferred' else 'pinned' end as because
    from matching
    order by
        client_id asc, field asc, is_preferred asc, decision_id desc, record_place asc, place asc, value collate "C" asc

)

select * from chosen
