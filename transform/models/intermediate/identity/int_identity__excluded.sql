{{
    config(
        materialized='kept',
        scope='int_identity__changed_values',
        scope_key='value_number',
        indexes=[{'columns': ['value_number'], 'unique': true}]
    )
}}

-- depends_on: {{ ref('int_run') }}
with

identifiers as not materialized (

    select *
    from {{ current(ref('int_identity__identifiers'), of=ref('int_identity__changed_values'), by='value_number') }} as identifiers

),

records as (

    select
        record_number,
        full_name
    from {{ next_version(ref('int_identity__records')) }}

),

steps as (

    select * from {{ ref('int_identity__steps') }}

),

blocked as (

    select
        kind,
        value
    from {{ ref('int_rules__blocked') }}
    union
    select
        kind,
        value
    from {{ next_version(ref('int_decisions')) }}
    where decision = 'blocked'

),

declared as (

    select distinct
        kind,
        value
    from {{ next_version(ref('int_decisions')) }}
    where decision = 'shared'

),

options as (

    select max(nullif(value, '')::integer) filter (where option = 'max_records') as max_records
    from {{ ref('int_rules__options') }}

),

-- Only a value on more records than the limit can stand under more names than the limit.
crowded as (

    select
        identifiers.value_number,
        count(*) as record_count
    from identifiers
    group by identifiers.value_number
    having count(*) > (select least(min(steps.max_names), min(options.max_records)) from steps cross join options)

),

named as (

    select distinct
        identifiers.value_number,
        identifiers.business,
        identifiers.kind,
        identifiers.value,
        'blocked' as reason
    from identifiers
    inner join blocked on identifiers.kind = blocked.kind and identifiers.value = blocked.value
    union
    select distinct
        identifiers.value_number,
        identifiers.business,
        identifiers.kind,
        identifiers.value,
        'declared' as reason
    from identifiers
    inner join declared on identifiers.kind = declared.kind and identifiers.value = declared.value

),

suspects as (

    select value_number from crowded
    union
    select value_number from named

),

holders as (

    select
        identifiers.value_number,
        identifiers.business,
        identifiers.kind,
        identifiers.value,
        identifiers.record_number,
        {% if is_full_run() %}
        records.full_name
        {% else %}
        case when records.record_number is null then standing_records.full_name else records.full_name end as full_name
        {% endif %}
    from suspects
    inner join identifiers on suspects.value_number = identifiers.value_number
    left join records on identifiers.record_number = records.record_number
    {% if not is_full_run() %}
    left join {{ ref('int_identity__records') }} as standing_records
        on identifiers.record_number = standing_records.record_number
    {% endif %}

),

counted as (

    select
        value_number,
        min(business) as business,
        min(kind) as kind,
        min(value) as value,
        count(distinct record_number) as record_count,
        count(distinct {{ function('normalize_name') }}(full_name)) as name_count
    from holders
    group by value_number

),

excluded as (

    select
        counted.value_number,
        counted.business,
        counted.kind,
        counted.value,
        case
            when blocked.kind is not null then 'blocked'
            when declared.kind is not null then 'declared'
            else 'counted'
        end as reason,
        counted.record_count,
        counted.name_count,
        steps.max_names
    from counted
    inner join steps on counted.kind = steps.kind
    cross join options
    left join blocked on counted.kind = blocked.kind and counted.value = blocked.value
    left join declared on counted.kind = declared.kind and counted.value = declared.value
    where
        blocked.kind is not null
        or declared.kind is not null
        or counted.name_count > steps.max_names
        or counted.record_count > options.max_records

)

select * from excluded
