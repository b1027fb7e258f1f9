{{ config(materialized='kept') }}

-- depends_on: {{ ref('int_run') }}
-- depends_on: {{ ref('int_rules__options') }}
with

merge_decisions as (

    select * from {{ source('ops', 'merge_decisions') }}

),

-- An e-mail is compared as the options say today, whatever they said when somebody decided.
standing as (

    select
        decision_id,
        decision,
        business,
        record_key,
        other_record_key,
        kind,
        case when kind = 'email' then {{ compared_email('value') }} else value end as value,
        field,
        source,
        pattern,
        until
    from merge_decisions
    where withdrawn_at is null and (until is null or until > (select int_run.started_at from {{ ref('int_run') }} as int_run))

)

select * from standing
