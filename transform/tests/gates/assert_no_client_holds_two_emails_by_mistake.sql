-- A client may hold several values of an exclusive kind only if records connect them through that kind, a stronger one,
-- or a decision. This looks at the result alone, not at how it came about; only contested circles can hold several.
with

steps as (

    select * from {{ ref('int_identity__steps') }}

),

placed as (

    select
        holdings.record_number,
        holdings.value_number,
        holdings.step,
        coalesce(steps.is_exclusive, false) as is_exclusive,
        clusters.client_number
    from {{ ref('int_identity__holdings') }} as holdings
    inner join {{ next_version(ref('int_identity__clusters')) }} as clusters on holdings.record_number = clusters.record_number
    left join steps on holdings.step = steps.step

),

suspects as (

    select
        client_number,
        step
    from placed
    where is_exclusive
    group by client_number, step
    having min(value_number) < max(value_number)

),

-- One node per value and exclusive kind looked at.
nodes as (

    select
        suspects.client_number,
        suspects.step as exclusive_step,
        placed.step,
        placed.record_number,
        dense_rank() over (order by suspects.step, placed.value_number, suspects.client_number) as node
    from suspects
    inner join placed on suspects.client_number = placed.client_number and suspects.step >= placed.step

),

edges as (

    select
        node,
        min(node) over (partition by exclusive_step, record_number) as other_node
    from nodes

),

components as (

    select
        node,
        component
    from {{ function('connected_components') }}(
        (select array_agg(node order by node, other_node) from edges),
        (select array_agg(other_node order by node, other_node) from edges)
    )

),

torn as (

    select
        nodes.client_number,
        nodes.exclusive_step,
        count(distinct components.component) as parts
    from nodes
    inner join components on nodes.node = components.node
    where nodes.step = nodes.exclusive_step
    group by nodes.client_number, nodes.exclusive_step

)

select * from torn
where parts > 1
