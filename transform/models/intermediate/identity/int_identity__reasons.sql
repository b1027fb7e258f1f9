with

groups as (

    select * from {{ ref('int_identity__groups') }}

),

holdings as (

    select * from {{ ref('int_identity__holdings') }}

),

identifier_values as (

    select * from {{ ref('int_identity__values') }}

),

placed as (

    select
        groups.record_number,
        groups.group_number,
        groups.joined_by,
        groups.joined_how,
        holdings.kind,
        holdings.value_number
    from groups
    inner join holdings on groups.record_number = holdings.record_number
    where holdings.value_number is not null

),

linking as (

    select
        group_number,
        value_number
    from placed
    group by group_number, value_number
    having count(*) > 1

),

-- A record may be linked by several values of the kind; one of them is enough to say why.
reasons as (

    select distinct on (placed.record_number)
        placed.record_number,
        placed.kind,
        identifier_values.value,
        placed.joined_how as rule
    from placed
    inner join linking on placed.group_number = linking.group_number and placed.value_number = linking.value_number
    inner join identifier_values on placed.value_number = identifier_values.value_number
    where placed.kind = placed.joined_by
    order by placed.record_number, identifier_values.value

)

select * from reasons
