with

identity_options as (

    {{ overridden(
        'identity_options',
        key=['option'],
        columns={'option': 'text', 'value': 'text'}
    ) }}

)

select * from identity_options
