{#- Which clients do touched records belong to, before and after? -#}
-- depends_on: {{ ref('int_identity__touched') }}
-- depends_on: {{ ref('int_run') }}
with

clusters as (

    select client_id from {{ next_version(ref('int_identity__clusters')) }}

),

{% if is_full_run() %}

touched_clients as (

    select client_id from clusters
    where false

)

{% else %}

clusters_before as (

    select standing.client_id
    from {{ ref('int_identity__touched') }} as touched
    inner join {{ ref('int_identity__clusters') }} as standing on touched.record_number = standing.record_number

),

touched_clients as (

    select client_id from clusters
    union
    select client_id from clusters_before

)

{% endif %}

select * from touched_clients
