with

kinds as (

    select * from {{ ref('int_rules__kinds') }}

),

-- Step 0 is that of the decisions "same person".
steps as (

    select
        (row_number() over (order by priority, kind collate "C"))::integer as step,
        kind,
        coalesce(exclusive, false) as is_exclusive,
        max_names,
        coalesce(per_account, false) as is_per_account
    from kinds

)

select * from steps
