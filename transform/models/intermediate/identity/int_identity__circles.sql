{#-
    Which records reach each other at all, whatever the kind of the values? Most circles are small: the smallest number
    that a record reaches in two steps is the whole circle's, and only where two such numbers meet is there more to join.
-#}
with

links as not materialized (

    select * from {{ ref('int_identity__links') }}

),

reached as (

    select
        record_number,
        min(first_record) as label
    from links
    group by record_number

),

-- Pass on once more, so that what hangs together over one common record has one label.
spread as (

    select
        links.value_number,
        min(reached.label) as label,
        max(reached.label) as other_label
    from links
    inner join reached on links.record_number = reached.record_number
    group by links.value_number

),

meeting as (

    select distinct
        spread.label,
        reached.label as other_label
    from spread
    inner join links on spread.value_number = links.value_number
    inner join reached on links.record_number = reached.record_number
    where spread.label < spread.other_label and spread.label < reached.label

),

bridges as (

    select
        array_agg(label order by label, other_label) as one_ends,
        array_agg(other_label order by label, other_label) as other_ends
    from meeting

),

joined as (

    select
        components.node as label,
        components.component as circle_number
    from bridges
    cross join {{ function('connected_components') }}(bridges.one_ends, bridges.other_ends) as components

),

circles as (

    select
        reached.record_number,
        coalesce(joined.circle_number, reached.label) as circle_number
    from reached
    left join joined on reached.label = joined.label

)

select * from circles
