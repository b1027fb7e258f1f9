with

identifiers as (

    select * from {{ ref('int_identity__identifiers') }}

),

records as (

    select * from {{ ref('int_identity__records') }}

),

identity_rules as (

    select * from {{ ref('identity_rules') }}

),

-- A value that one record alone holds neither joins nor divides anybody.
held as (

    select
        business,
        kind,
        value,
        count(*) as record_count
    from identifiers
    where not is_blocked
    group by business, kind, value
    having count(*) > 1

),

-- Only a value on more records than the limit can stand under more names than the limit.
crowded as (

    select
        held.business,
        held.kind,
        held.value,
        identity_rules.max_names
    from held
    inner join identity_rules on held.kind = identity_rules.kind
    where held.record_count > identity_rules.max_names

),

names as (

    select
        crowded.business,
        crowded.kind,
        crowded.value,
        crowded.max_names,
        count(distinct {{ function('normalize_name') }}(records.full_name)) as name_count
    from crowded
    inner join identifiers
        on crowded.business = identifiers.business and crowded.kind = identifiers.kind and crowded.value = identifiers.value
    inner join records on identifiers.record_number = records.record_number
    group by crowded.business, crowded.kind, crowded.value, crowded.max_names

),

numbered as (

    select
        row_number() over () as value_number,
        held.business,
        held.kind,
        held.value,
        held.record_count,
        names.name_count,
        coalesce(names.name_count > names.max_names, false) as is_shared
    from held
    left join names on held.business = names.business and held.kind = names.kind and held.value = names.value

)

select * from numbered
