{{
    config(
        materialized='kept',
        scope='int_identity__touched',
        scope_key='record_number',
        indexes=[
            {'columns': ['record_number'], 'unique': true},
            {'columns': ['circle_number']},
            {'columns': ['client_id']},
            {'columns': ['record_key'], 'unique': true},
        ]
    )
}}

-- depends_on: {{ ref('int_identity__records') }}
-- depends_on: {{ ref('int_identity__touched') }}
-- depends_on: {{ ref('int_run') }}
with

records as (

    select
        records.record_number,
        records.record_key,
        records.alias_client_id,
        records.business,
        {{ 'records.record_number' if is_full_run() else 'touched.founding_rank' }} as founding_rank
    {% if is_full_run() %}
    from {{ next_version(ref('int_identity__records')) }} as records
    {% else %}
    from {{ current(ref('int_identity__records'), of=ref('int_identity__touched'), by='record_number') }} as records
    inner join {{ ref('int_identity__touched') }} as touched on records.record_number = touched.record_number
    {% endif %}

),

circles as (

    select * from {{ ref('int_identity__circles') }}

),

groups as (

    select * from {{ ref('int_identity__groups') }}

),

placed as (

    select
        circles.record_number,
        circles.circle_number,
        coalesce(groups.group_number, circles.circle_number) as group_number
    from circles
    left join groups on circles.record_number = groups.record_number

),

-- A client is founded by the first loaded of its records; who is alone founds their own.
founding as (

    select
        placed.group_number,
        min(records.founding_rank) as founding_rank
    from placed
    inner join records on placed.record_number = records.record_number
    group by placed.group_number

),

founders as (

    select
        founding.group_number,
        records.record_number as founding_number,
        records.record_key as founding_record_key,
        records.alias_client_id as client_id
    from founding
    inner join records on founding.founding_rank = records.founding_rank

),

clusters as (

    select
        records.record_number,
        records.record_key,
        records.business,
        records.alias_client_id,
        coalesce(placed.circle_number, records.record_number) as circle_number,
        coalesce(founders.founding_number, records.record_number) as client_number,
        coalesce(founders.founding_record_key, records.record_key) as founding_record_key,
        coalesce(founders.client_id, records.alias_client_id) as client_id,
        placed.record_number is not null as is_linked
    from records
    left join placed on records.record_number = placed.record_number
    left join founders on placed.group_number = founders.group_number

)

select * from clusters
