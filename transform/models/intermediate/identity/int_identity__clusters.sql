with

records as (

    select * from {{ ref('int_identity__records') }}

),

groups as (

    select * from {{ ref('int_identity__groups') }}

),

founders as (

    select
        record_number,
        record_key,
        {{ function('derive_uuid') }}(record_key) as alias_client_id
    from records

),

clusters as (

    select
        founders.record_number,
        founders.record_key,
        founders.alias_client_id,
        founding.record_number as group_number,
        founding.record_key as founding_record_key,
        founding.alias_client_id as client_id
    from founders
    left join groups on founders.record_number = groups.record_number
    inner join founders as founding on coalesce(groups.group_number, founders.record_number) = founding.record_number

)

select * from clusters
