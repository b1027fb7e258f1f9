with

published as (

    select client_id from {{ ref('clients') }}

),

upcoming as (

    select client_id from {{ next_version(ref('clients')) }}

),

counted as (

    select
        count(*) as published_clients,
        count(*) filter (where upcoming.client_id is null) as ids_gone
    from published
    left join upcoming on published.client_id = upcoming.client_id

)

select * from counted
where
    ids_gone > {{ var('id_churn_always_allowed') }}
    and ids_gone > published_clients * {{ var('max_id_churn') }}
