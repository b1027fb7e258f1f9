{#-
    Why is each record with its client? The strongest value that it has in common with another record of the client; it
    was attached if the kind is weaker than an exclusive one that the client holds, else joined.
-#}
with

links as (

    select
        record_number,
        value_number
    from {{ ref('int_identity__links') }}

),

clusters as (

    select
        record_number,
        client_number
    from {{ next_version(ref('int_identity__clusters')) }}

),

exclusives as (

    select * from {{ ref('int_identity__exclusives') }}

),

holdings as (

    select * from {{ ref('int_identity__holdings') }}

),

circles as (

    select * from {{ ref('int_identity__circles') }}

),

identifiers as (

    select
        record_number,
        kind,
        value,
        value_number
    from {{ current(ref('int_identity__identifiers'), of=ref('int_identity__touched'), by='record_number') }} as identifiers

),

steps as (

    select * from {{ ref('int_identity__steps') }}

),

-- Within a circle that nobody contests all links lead to records of one client.
plain as (

    select
        links.record_number,
        min(links.value_number) as value_number,
        bool_or(exclusives.has_exclusive_value) as is_anchored
    from links
    inner join circles on links.record_number = circles.record_number
    left join exclusives on circles.circle_number = exclusives.circle_number
    where exclusives.is_contested is not true
    group by links.record_number

),

placed as (

    select
        holdings.record_number,
        holdings.value_number,
        bool_or(steps.is_exclusive) over (partition by clusters.client_number) as is_anchored,
        count(*) over (partition by clusters.client_number, holdings.value_number) > 1 as is_common,
        min(clusters.client_number) over (partition by holdings.value_number)
        < max(clusters.client_number) over (partition by holdings.value_number) as is_contested
    from holdings
    inner join clusters on holdings.record_number = clusters.record_number
    left join steps on holdings.step = steps.step

),

-- A value that other clients hold too is the reason only where there is no other.
in_contested as (

    select distinct on (record_number)
        record_number,
        value_number,
        is_anchored
    from placed
    where is_common
    order by record_number asc, is_contested asc, value_number asc

),

strongest as (

    select * from plain
    union all
    select * from in_contested

),

reasons as (

    select
        strongest.record_number,
        identifiers.kind,
        identifiers.value,
        case
            when strongest.value_number >> 58 = 0 then 'decided'
            when strongest.is_anchored and strongest.value_number >> 58 > (
                select min(steps.step) from steps
                where steps.is_exclusive
            ) then 'attached'
            else 'joined'
        end as rule
    from strongest
    left join identifiers
        on strongest.record_number = identifiers.record_number and strongest.value_number = identifiers.value_number

)

select * from reasons
