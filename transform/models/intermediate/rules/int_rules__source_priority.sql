with

source_priority as (

    {{ overridden(
        'source_priority',
        key=['source', 'kind'],
        columns={'source': 'text', 'kind': 'text', 'priority': 'integer'}
    ) }}

)

select * from source_priority
