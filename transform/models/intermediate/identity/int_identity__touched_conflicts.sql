{#- Which conflicts may have begun, changed or ended? Those of touched clients. -#}
-- depends_on: {{ ref('int_identity__touched_clients') }}
-- depends_on: {{ ref('int_run') }}
with

conflicts as (

    select conflict_id from {{ ref('int_identity__conflicts') }}

),

{% if is_full_run() %}

touched_conflicts as (

    select conflict_id from conflicts
    where false

)

{% else %}

touched_conflicts as (

    select conflict_id from conflicts
    union
    select published.conflict_id
    from {{ published('merge_conflicts') }} as published
    cross join unnest(published.client_ids) as competing (client_id)
    where competing.client_id in (select touched.client_id from {{ ref('int_identity__touched_clients') }} as touched)

)

{% endif %}

select * from touched_conflicts
