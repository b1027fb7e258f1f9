with

identifier_fields as (

    {{ overridden(
        'identifier_fields',
        key=['source', 'stream', 'place', 'field', 'kind'],
        columns={'source': 'text', 'stream': 'text', 'place': 'text', 'field': 'text', 'kind': 'text'}
    ) }}

)

select * from identifier_fields
