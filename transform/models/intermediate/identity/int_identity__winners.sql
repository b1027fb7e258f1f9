{#- Which values win for each client, and which e-mails and phones has it, the winning one first, each with its sources? -#}
{%- set scalars = ['name', 'country', 'consent_email', 'consent_sms', 'consent_whatsapp'] -%}
with

offers as not materialized (

    select * from {{ ref('int_identity__offers') }}

),

linked as not materialized (

    select * from offers
    where is_linked

),

{% for list, item in [('emails', 'email'), ('phones', 'phone')] %}
each_{{ item }} as (

    select
        linked.client_number,
        listed.value,
        min(linked.place) as record_place,
        min(listed.place) as place,
        bool_and(linked.is_deleted) as is_only_deleted,
        string_agg(distinct linked.origin, ', ' order by linked.origin) as origins
    from linked
    cross join unnest(linked.{{ list }}) with ordinality as listed (value, place)
    group by linked.client_number, listed.value

),

-- A deleted record gives values only where no live record has one.
listed_{{ list }} as (

    select
        client_number,
        array_agg(value order by record_place, place, value collate "C") filter (where not is_only_deleted) as living,
        array_agg(origins order by record_place, place, value collate "C") filter (where not is_only_deleted) as living_from,
        array_agg(value order by record_place, place, value collate "C") as all_of_them,
        array_agg(origins order by record_place, place, value collate "C") as all_from
    from each_{{ item }}
    group by client_number

),
{% endfor %}

summed as (

    select
        client_number,
        client_id,
        min(business) as business,
        {% for field in scalars %}
        (array_agg({{ field }} order by place) filter (where {{ field }} is not null))[1] as {{ field }},
        {% endfor %}
        array_agg(distinct origin) as sources,
        count(*) as record_count,
        min(first_seen) as first_seen,
        max(last_seen) as last_seen,
        bool_and(is_deleted) as is_deleted
    from linked
    group by client_number, client_id

),

winners as (

    select
        client_id,
        business,
        {% for field in scalars %}
        {{ field }},
        {% endfor %}
        emails,
        array_fill(origin, array[cardinality(emails)]) as emails_from,
        phones,
        array_fill(origin, array[cardinality(phones)]) as phones_from,
        array[origin] as sources,
        1::bigint as record_count,
        first_seen,
        last_seen,
        is_deleted
    from offers
    where not is_linked
    union all
    select
        summed.client_id,
        summed.business,
        {% for field in scalars %}
        summed.{{ field }},
        {% endfor %}
        coalesce(listed_emails.living, listed_emails.all_of_them, '{}') as emails,
        coalesce(listed_emails.living_from, listed_emails.all_from, '{}') as emails_from,
        coalesce(listed_phones.living, listed_phones.all_of_them, '{}') as phones,
        coalesce(listed_phones.living_from, listed_phones.all_from, '{}') as phones_from,
        summed.sources,
        summed.record_count,
        summed.first_seen,
        summed.last_seen,
        summed.is_deleted
    from summed
    left join listed_emails on summed.client_number = listed_emails.client_number
    left join listed_phones on summed.client_number = listed_phones.client_number

)

select * from winners
