{#- Which values count nowhere from this run on, of those that touched records may hold? -#}
-- depends_on: {{ ref('int_identity__changed_values') }}
-- depends_on: {{ ref('int_run') }}
with

excluded as (

    select value_number from {{ next_version(ref('int_identity__excluded')) }}
    {%- if not is_full_run() %}
    union
    select standing.value_number
    from {{ ref('int_identity__excluded') }} as standing
    where
        standing.value_number not in (
            select changed_values.value_number from {{ ref('int_identity__changed_values') }} as changed_values
        )
    {%- endif %}

)

select * from excluded
