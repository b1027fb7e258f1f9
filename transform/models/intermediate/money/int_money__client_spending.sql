{#- What has each client spent, per currency? Of touched clients, in a run that is not full. -#}
-- depends_on: {{ ref('int_identity__touched') }}
-- depends_on: {{ ref('int_money__paid_records') }}
-- depends_on: {{ ref('int_run') }}
with

clusters as (

    select
        record_key,
        client_id
    from {{ next_version(ref('int_identity__clusters')) }}

),

spent as (

    {% if is_full_run() %}
    select * from {{ next_version(ref('int_money__spent')) }}
    {% else %}
    select *
    from {{ current(ref('int_money__spent'), of=ref('int_identity__touched'), by='record_key') }} as spent
    {% endif %}

),

client_spending as (

    select
        clusters.client_id,
        spent.currency,
        sum(spent.amount) as amount,
        sum(spent.payment_count)::bigint as payment_count,
        min(spent.first_paid_at) as first_paid_at,
        max(spent.last_paid_at) as last_paid_at
    from spent
    inner join clusters on spent.record_key = clusters.record_key
    group by clusters.client_id, spent.currency

)

select * from client_spending
