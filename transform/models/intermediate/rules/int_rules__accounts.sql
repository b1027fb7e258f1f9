with

accounts as (

    {{ overridden(
        'accounts',
        key=['source', 'account'],
        columns={'source': 'text', 'account': 'text', 'business': 'text'}
    ) }}

)

select * from accounts
