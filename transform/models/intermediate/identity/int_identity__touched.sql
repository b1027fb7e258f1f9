{#-
    Which records have to be resolved again? Whole circles of records that reach each other, as they were, around every
    record that changed, that holds a value which began or ceased to count, or that a changed record now reaches.
-#}
{%- set fields = client_fields('standing_records', 'full_name') -%}
-- depends_on: {{ ref('int_decisions') }}
-- depends_on: {{ ref('int_identity__changed') }}
-- depends_on: {{ ref('int_identity__changed_values') }}
-- depends_on: {{ ref('int_identity__excluded') }}
-- depends_on: {{ ref('int_identity__identifiers') }}
-- depends_on: {{ ref('int_identity__pairs') }}
-- depends_on: {{ ref('int_identity__records') }}
-- depends_on: {{ ref('int_money__paid_records') }}
-- depends_on: {{ ref('int_run') }}
with

{% if is_full_run() %}

records as (

    select * from {{ next_version(ref('int_identity__records')) }}

),

touched as (

    select
        record_number,
        record_key,
        record_number as founding_rank
    from records
    where false

)

{% else %}

changed as (

    select
        record_number,
        record_key
    from {{ ref('int_identity__changed') }}

),

identifiers as (

    select * from {{ next_version(ref('int_identity__identifiers')) }}

),

standing_identifiers as (

    select * from {{ ref('int_identity__identifiers') }}

),

excluded as (

    select * from {{ next_version(ref('int_identity__excluded')) }}

),

excluded_before as (

    select standing.*
    from {{ ref('int_identity__changed_values') }} as changed_values
    inner join {{ ref('int_identity__excluded') }} as standing on changed_values.value_number = standing.value_number

),

turned as (

    select coalesce(excluded.value_number, excluded_before.value_number) as value_number
    from excluded
    full join excluded_before on excluded.value_number = excluded_before.value_number
    where
        excluded.value_number is null
        or excluded_before.value_number is null
        -- What is blocked is not even shown.
        or (excluded.reason = 'blocked') <> (excluded_before.reason = 'blocked')

),

changed_decisions as (

    select * from {{ differing(ref('int_decisions')) }} as changed_decisions

),

decided as (

    select distinct
        kind,
        value
    from changed_decisions
    where decision = 'later'

),

policies as (

    select * from changed_decisions
    where decision = 'preferred'

),

-- A policy speaks of records by what they hold; where none has changed, nobody looks at the records.
preferred as (

    {% for field, values in fields.items() %}
    select standing_records.record_number
    from policies
    inner join {{ ref('int_identity__records') }} as standing_records
        on coalesce(policies.source = standing_records.source, true)
    cross join unnest({{ values }}) as listed (value)
    where
        exists (select any_policies.field from policies as any_policies)
        and policies.field = '{{ field }}'
        and listed.value is not null
        and coalesce(listed.value like policies.pattern, true)
    {{ 'union' if not loop.last }}
    {% endfor %}

),

reaching as (

    select value_number from turned
    union
    select value_number from identifiers
    where value_number not in (select excluded.value_number from excluded)
    union
    select changed_values.value_number
    from decided
    inner join {{ ref('int_identity__changed_values') }} as changed_values
        on decided.kind = changed_values.kind and decided.value = changed_values.value

),

paid as (

    select record_key from {{ ref('int_money__paid_records') }}

),

starting as (

    select record_number from changed
    union
    select record_number from preferred
    union
    select standing_identifiers.record_number
    from reaching
    inner join standing_identifiers on reaching.value_number = standing_identifiers.value_number
    union
    select pairs.other_record_number as record_number
    from {{ ref('int_identity__pairs') }} as pairs
    inner join changed on pairs.record_number = changed.record_number
    where pairs.decision = 'same_person'
    union
    select pairs.record_number
    from {{ ref('int_identity__pairs') }} as pairs
    inner join changed on pairs.other_record_number = changed.record_number
    where pairs.decision = 'same_person'
    union
    select standing_records.record_number
    from paid
    inner join {{ ref('int_identity__records') }} as standing_records on paid.record_key = standing_records.record_key

),

circles as (

    select distinct clusters.circle_number
    from starting
    inner join {{ standing('int_identity__clusters') }} as clusters on starting.record_number = clusters.record_number

),

numbers as (

    select clusters.record_number
    from circles
    inner join {{ standing('int_identity__clusters') }} as clusters on circles.circle_number = clusters.circle_number
    union
    select record_number from changed

),

ranked as (

    select
        numbers.record_number,
        coalesce(records.record_key, standing_records.record_key, changed.record_key) as record_key,
        row_number() over (
            order by
                coalesce(records._first_loaded_at, standing_records._first_loaded_at) asc,
                coalesce(records.record_key, standing_records.record_key) collate "C" asc
        ) as founding_rank
    from numbers
    left join {{ next_version(ref('int_identity__records')) }} as records on numbers.record_number = records.record_number
    left join {{ ref('int_identity__records') }} as standing_records on numbers.record_number = standing_records.record_number
    left join changed on numbers.record_number = changed.record_number

),

touched as (

    select
        record_number,
        record_key,
        founding_rank
    from ranked

)

{% endif %}

select * from touched
