{#- Which values may have become shared, or have stopped being so? Those of changed records, before and after. -#}
-- depends_on: {{ ref('int_decisions') }}
-- depends_on: {{ ref('int_identity__changed') }}
-- depends_on: {{ ref('int_identity__steps') }}
-- depends_on: {{ ref('int_rules__accounts') }}
-- depends_on: {{ ref('int_run') }}
with

identifiers as (

    select * from {{ next_version(ref('int_identity__identifiers')) }}

),

{% if is_full_run() %}

changed_values as (

    select
        value_number,
        business,
        kind,
        value
    from identifiers
    where false

)

{% else %}

identifiers_before as (

    select standing.*
    from {{ ref('int_identity__changed') }} as changed
    inner join {{ ref('int_identity__identifiers') }} as standing on changed.record_number = standing.record_number

),

decided as (

    select
        kind,
        value
    from {{ differing(ref('int_decisions')) }} as changed_decisions
    where kind is not null

),

businesses as (

    select business from {{ ref('int_rules__accounts') }}
    union
    select 'main' as business

),

decided_values as (

    select
        {{ function('value_number') }}(steps.step, businesses.business, decided.value) as value_number,
        businesses.business,
        decided.kind,
        decided.value
    from decided
    inner join {{ ref('int_identity__steps') }} as steps on decided.kind = steps.kind
    cross join businesses

),

changed_values as (

    select
        value_number,
        business,
        kind,
        value
    from identifiers
    union
    select
        value_number,
        business,
        kind,
        value
    from identifiers_before
    union
    select
        value_number,
        business,
        kind,
        value
    from decided_values

)

{% endif %}

select * from changed_values
