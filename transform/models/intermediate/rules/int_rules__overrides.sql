with

rule_overrides as (

    select * from {{ source('ops', 'rule_overrides') }}

),

standing as (

    select
        rule_overrides.override_id,
        rule_overrides.seed,
        rule_overrides.key,
        rule_overrides.row as replacement,
        rule_overrides.comment
    from rule_overrides
    where rule_overrides.withdrawn_at is null

)

select * from standing
