{{ config(materialized='repeated') }}

with

holdings as (

    select * from {{ ref('int_identity__holdings') }}

),

steps as (

    select
        step,
        is_exclusive
    from {{ ref('int_identity__steps') }}
    union all
    select
        0 as step,
        false as is_exclusive

),

apart as (

    select * from {{ ref('int_identity__pairs') }}
    where decision = 'different_people'

),

-- The kind whose turn it is; none after the last one, and then the result is empty and the repeating ends.
this_step as (

    select steps.*
    from steps
    where steps.step = (select coalesce(max(before.step) + 1, 0) from {{ this }} as before)

),

-- At first each record is a group of its own.
groups as (

    select
        record_number,
        group_number,
        is_anchored,
        sits_out
    from {{ this }}
    union all
    select distinct
        record_number,
        record_number as group_number,
        false as is_anchored,
        false as sits_out
    from holdings
    where not exists (select from {{ this }})

),

held as (

    select distinct
        groups.group_number,
        groups.is_anchored,
        holdings.value_number
    from holdings
    inner join this_step on holdings.step = this_step.step
    inner join groups on holdings.record_number = groups.record_number
    where not groups.sits_out

),

-- A value that one group alone holds joins nothing.
common as (

    select held.*
    from held
    where held.value_number in (
        select counted.value_number from held as counted
        group by counted.value_number
        having count(*) > 1
    )

),

-- Only a group with two values can bridge; an anchored group bridges nothing.
bridging as (

    select
        group_number,
        min(value_number) as first_value
    from common
    where not is_anchored
    group by group_number
    having count(*) > 1

),

bridges as (

    select
        array_agg(bridging.first_value order by common.value_number, bridging.first_value) as one_ends,
        array_agg(common.value_number order by common.value_number, bridging.first_value) as other_ends
    from bridging
    inner join common on bridging.group_number = common.group_number
    where bridging.first_value <> common.value_number

),

circles as (

    select
        components.node as value_number,
        components.component as circle
    from bridges
    cross join {{ function('connected_components') }}(bridges.one_ends, bridges.other_ends) as components

),

present as (

    select distinct
        common.group_number,
        common.is_anchored,
        coalesce(circles.circle, common.value_number) as circle
    from common
    left join circles on common.value_number = circles.value_number

),

-- Who meets in each circle: groups that are free join each other, and join the anchored one if it is the only one.
meetings as (

    select
        circle,
        count(*) filter (where not is_anchored) as free_count,
        min(group_number) filter (where not is_anchored) as free_group,
        case when count(*) filter (where is_anchored) = 1 then min(group_number) filter (where is_anchored) end as host_group
    from present
    group by circle
    having count(*) filter (where not is_anchored) > 0

),

hosts as (

    select
        host_group,
        least(host_group, min(free_group)) as joined_group
    from meetings
    where host_group is not null
    group by host_group

),

moves as (

    select
        present.group_number,
        coalesce(hosts.joined_group, meetings.free_group) as joined_group,
        case when hosts.host_group is not null then 'attached' else 'joined' end as how
    from present
    inner join meetings on present.circle = meetings.circle
    left join hosts on meetings.host_group = hosts.host_group
    where not present.is_anchored and (meetings.free_count > 1 or hosts.host_group is not null)
    union all
    select
        host_group as group_number,
        joined_group,
        'attached' as how
    from hosts

),

-- Groups that are not anchored and would bring two together whom a decision keeps apart sit this step out.
offenders as (

    select
        unnest(
            case when one.is_anchored then '{}' else array[one.group_number] end
            || case when other.is_anchored then '{}' else array[other.group_number] end
        ) as group_number
    from apart
    inner join groups as one on apart.record_number = one.record_number
    inner join groups as other on apart.other_record_number = other.record_number
    left join moves as one_move on one.group_number = one_move.group_number
    left join moves as other_move on other.group_number = other_move.group_number
    inner join this_step on this_step.step > 0
    where
        one.group_number <> other.group_number
        and coalesce(one_move.joined_group, one.group_number) = coalesce(other_move.joined_group, other.group_number)

),

-- A group that holds a value of an exclusive kind is anchored from then on.
newly_anchored as (

    select distinct coalesce(moves.joined_group, groups.group_number) as group_number
    from holdings
    inner join this_step on holdings.step = this_step.step and this_step.is_exclusive
    inner join groups on holdings.record_number = groups.record_number
    left join moves on groups.group_number = moves.group_number

),

sitting_out as (

    select
        groups.record_number,
        groups.group_number,
        groups.is_anchored,
        groups.sits_out or groups.group_number in (select offenders.group_number from offenders) as sits_out,
        (this_step.step - 1)::integer as step
    from groups
    cross join this_step
    where exists (select from offenders)

),

stepped as (

    select
        groups.record_number,
        coalesce(moves.joined_group, groups.group_number) as group_number,
        groups.is_anchored or coalesce(moves.how = 'attached', false) or newly_anchored.group_number is not null as is_anchored,
        false as sits_out,
        this_step.step
    from groups
    cross join this_step
    left join moves on groups.group_number = moves.group_number
    left join newly_anchored on coalesce(moves.joined_group, groups.group_number) = newly_anchored.group_number
    where not exists (select from offenders)

),

after_this_pass as (

    select * from sitting_out
    union all
    select * from stepped

)

select * from after_this_pass
