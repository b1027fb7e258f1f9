with

identity_rules as (

    {{ overridden(
        'identity_rules',
        key=['kind'],
        columns={'kind': 'text', 'priority': 'integer', 'exclusive': 'boolean', 'max_names': 'integer', 'per_account': 'boolean'}
    ) }}

)

select * from identity_rules
