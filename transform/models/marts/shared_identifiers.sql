{{ config(scope='int_identity__changed_values', scope_key=['business', 'kind', 'value']) }}

-- depends_on: {{ ref('int_run') }}
-- depends_on: {{ ref('int_identity__changed_values') }}
with

excluded as (

    select * from {{ next_version(ref('int_identity__excluded')) }}

),

shared_identifiers as (

    select
        business,
        kind,
        value,
        reason,
        name_count,
        max_names,
        record_count
    from excluded
    where reason <> 'blocked'

)

select * from shared_identifiers
