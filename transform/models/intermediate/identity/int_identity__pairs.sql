{#- Which existing records does a decision say to be the same person, or different people? -#}
-- depends_on: {{ ref('int_identity__changed') }}
-- depends_on: {{ ref('int_run') }}
with

decisions as (

    select * from {{ next_version(ref('int_decisions')) }}
    where decision in ('same_person', 'different_people')

),

keys as (

    select record_key from decisions
    union
    select other_record_key as record_key from decisions

),

records as (

    select
        record_number,
        record_key,
        business
    from {{ next_version(ref('int_identity__records')) }}
    where record_key in (select keys.record_key from keys)
    {%- if not is_full_run() %}
    union
    select
        record_number,
        record_key,
        business
    from {{ ref('int_identity__records') }}
    where
        record_key in (select keys.record_key from keys)
        and record_number not in (select changed.record_number from {{ ref('int_identity__changed') }} as changed)
    {%- endif %}

),

pairs as (

    select
        decisions.decision_id,
        decisions.decision,
        one.record_number,
        other.record_number as other_record_number
    from decisions
    inner join records as one on decisions.record_key = one.record_key
    inner join records as other on decisions.other_record_key = other.record_key
    where one.business = other.business and one.record_number <> other.record_number

)

select * from pairs
