with

identity_options as (

    {{ overridden(
        'identity_options',
        key=['option'],
        columns={'option': 'text', 'value': 'text'}
    ) }}

),

-- A person may write TRUE, and a spreadsheet does.
written_anyhow as (

    select
        option,
        lower(value) as value,
        comment
    from identity_options

)

select * from written_anyhow
