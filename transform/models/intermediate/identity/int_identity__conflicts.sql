with

holdings as (

    select * from {{ ref('int_identity__holdings') }}

),

groups as (

    select * from {{ ref('int_identity__groups') }}

),

clusters as (

    select * from {{ ref('int_identity__clusters') }}

),

identifier_values as (

    select * from {{ ref('int_identity__values') }}

),

contested as (

    select holdings.value_number
    from holdings
    inner join groups on holdings.record_number = groups.record_number
    where holdings.value_number is not null
    group by holdings.value_number
    having min(groups.group_number) < max(groups.group_number)

),

conflicts as (

    select
        identifier_values.business,
        identifier_values.kind,
        identifier_values.value,
        clusters.client_id,
        count(*) as record_count
    from contested
    inner join holdings on contested.value_number = holdings.value_number
    inner join clusters on holdings.record_number = clusters.record_number
    inner join identifier_values on contested.value_number = identifier_values.value_number
    group by identifier_values.business, identifier_values.kind, identifier_values.value, clusters.client_id

)

select * from conflicts
