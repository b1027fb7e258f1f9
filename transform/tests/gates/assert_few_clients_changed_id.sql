-- depends_on: {{ ref('int_run') }}
-- depends_on: {{ ref('int_identity__touched_clients') }}
with

next_clients as (

    select client_id from {{ next_version(ref('clients')) }}

),

-- Clients that stand now and would be gone; in a run that is not full only the touched ones can be.
gone as (

    select published.client_id
    from {{ ref('clients') }} as published
    left join next_clients on published.client_id = next_clients.client_id
    {% if not is_full_run() %}
    inner join {{ ref('int_identity__touched_clients') }} as touched on published.client_id = touched.client_id
    {% endif %}
    where next_clients.client_id is null

),

counted as (

    select
        count(*) as ids_gone,
        (select count(*) from {{ ref('clients') }}) as published_clients
    from gone

)

select * from counted
where
    ids_gone > {{ var('id_churn_always_allowed') }}
    and ids_gone > published_clients * {{ var('max_id_churn') }}
