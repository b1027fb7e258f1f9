{{
    config(
        materialized='kept',
        scope='int_identity__touched',
        scope_key='record_number',
        indexes=[
            {'columns': ['record_number'], 'unique': true},
            {'columns': ['circle_number']},
            {'columns': ['record_key'], 'unique': true},
        ]
    )
}}

-- depends_on: {{ ref('int_identity__records') }}
-- depends_on: {{ ref('int_identity__touched') }}
-- depends_on: {{ ref('int_run') }}
with

records as not materialized (

    select
        records.record_number,
        records.record_key,
        records.alias_client_id
    {% if is_full_run() %}
    from {{ next_version(ref('int_identity__records')) }} as records
    {% else %}
    from {{ current(ref('int_identity__records'), of=ref('int_identity__touched'), by='record_number') }} as records
    {% endif %}

),

circles as (

    select * from {{ ref('int_identity__circles') }}

),

groups as (

    select * from {{ ref('int_identity__groups') }}

),

-- A client is founded by the first loaded of its records. In a full run the numbers are in that order, and the number of
-- a group is its smallest.
placed as (

    select
        circles.record_number,
        {% if is_full_run() %}
        coalesce(groups.group_number, circles.circle_number) as founding_number,
        {% else %}
        first_value(circles.record_number) over (
            partition by coalesce(groups.group_number, circles.circle_number) order by touched.founding_rank
        ) as founding_number,
        {% endif %}
        circles.circle_number
    from circles
    left join groups on circles.record_number = groups.record_number
    {% if not is_full_run() %}
    inner join {{ ref('int_identity__touched') }} as touched on circles.record_number = touched.record_number
    {% endif %}

),

clusters as (

    select
        records.record_number,
        records.record_key,
        records.alias_client_id,
        coalesce(placed.circle_number, records.record_number) as circle_number,
        coalesce(placed.founding_number, records.record_number) as client_number,
        coalesce(founders.alias_client_id, records.alias_client_id) as client_id,
        placed.record_number is not null as is_linked
    from records
    left join placed on records.record_number = placed.record_number
    left join records as founders on placed.founding_number = founders.record_number

)

select * from clusters
