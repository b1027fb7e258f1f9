{{ config(materialized='kept') }}

-- depends_on: {{ ref('int_run') }}
with

merge_decisions as (

    select * from {{ source('ops', 'merge_decisions') }}

),

standing as (

    select
        decision_id,
        decision,
        business,
        record_key,
        other_record_key,
        kind,
        value,
        field,
        source,
        pattern,
        until
    from merge_decisions
    where withdrawn_at is null and (until is null or until > (select int_run.started_at from {{ ref('int_run') }} as int_run))

)

select * from standing
