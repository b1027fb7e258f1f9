-- A client may hold several values of an exclusive kind only if records connect them through that kind or a stronger
-- one. This looks at the result alone, not at how it came about.
with

steps as (

    select
        kind,
        exclusive,
        row_number() over (order by priority, kind collate "C") as step
    from {{ ref('identity_rules') }}

),

placed as (

    select
        holdings.record_number,
        -- A value that nobody else holds has no number; it connects nothing.
        coalesce(holdings.value_number, -holdings.record_number) as value_number,
        steps.step,
        steps.exclusive,
        clusters.client_id
    from {{ ref('int_identity__holdings') }} as holdings
    inner join {{ ref('int_identity__clusters') }} as clusters on holdings.record_number = clusters.record_number
    inner join steps on holdings.kind = steps.kind

),

suspects as (

    select
        client_id,
        step
    from placed
    where exclusive
    group by client_id, step
    having count(distinct value_number) > 1

),

-- One node per value and exclusive kind looked at.
nodes as (

    select
        suspects.client_id,
        suspects.step as exclusive_step,
        placed.step,
        placed.record_number,
        placed.value_number * 1000 + suspects.step as node
    from suspects
    inner join placed on suspects.client_id = placed.client_id and suspects.step >= placed.step

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
        nodes.client_id,
        nodes.exclusive_step,
        count(distinct components.component) as parts
    from nodes
    inner join components on nodes.node = components.node
    where nodes.step = nodes.exclusive_step
    group by nodes.client_id, nodes.exclusive_step

)

select * from torn
where parts > 1
