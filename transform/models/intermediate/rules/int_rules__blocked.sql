with

blocked_identifiers as (

    {{ overridden(
        'blocked_identifiers',
        key=['kind', 'value'],
        columns={'kind': 'text', 'value': 'text'}
    ) }}

),

options as (

    select
        coalesce(bool_or(value::boolean) filter (where option = 'gmail_dots'), false) as gmail_dots,
        coalesce(bool_or(value::boolean) filter (where option = 'gmail_plus'), false) as gmail_plus
    from {{ ref('int_rules__options') }}

),

-- Two lines may mean one address.
compared as (

    select
        blocked_identifiers.kind,
        {{ function('fold_email') }}(
            coalesce({{ function('normalize_email') }}(blocked_identifiers.value), blocked_identifiers.value),
            options.gmail_dots and blocked_identifiers.kind = 'email',
            options.gmail_plus and blocked_identifiers.kind = 'email'
        ) as value,
        blocked_identifiers.comment
    from blocked_identifiers
    cross join options

),

blocked as (

    select
        kind,
        value,
        min(comment) as comment
    from compared
    group by kind, value

)

select * from blocked
