{#- Which conflicts does one undecided client tie together? Whoever decides about that client decides them all. -#}
with

conflicts as (

    select * from {{ ref('int_identity__conflicts') }}

),

tied as (

    select
        value_number,
        min(value_number) over (partition by client_number) as first_value
    from conflicts
    where not is_anchored

),

bridges as (

    select
        array_agg(first_value order by first_value, value_number) as one_ends,
        array_agg(value_number order by first_value, value_number) as other_ends
    from tied
    where first_value <> value_number

),

joined as (

    select
        components.node as value_number,
        components.component
    from bridges
    cross join {{ function('connected_components') }}(bridges.one_ends, bridges.other_ends) as components

),

numbered as (

    select distinct
        conflicts.conflict_id,
        coalesce(joined.component, conflicts.value_number) as component
    from conflicts
    left join joined on conflicts.value_number = joined.value_number

),

cases as (

    select
        conflict_id,
        first_value(conflict_id) over (partition by component order by conflict_id) as case_id
    from numbered

)

select * from cases
