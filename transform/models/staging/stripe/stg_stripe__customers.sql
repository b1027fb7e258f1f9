with

customers as (

    {{ rows_taken(source('staging_stripe', 'customers')) }}

),

staged as (

    select
        account,
        id,
        {{ function('clean_text') }}(
            coalesce(
                record ->> 'name',
                record ->> 'individual_name',
                record ->> 'business_name',
                record #>> '{shipping,name}'
            )
        ) as full_name,
        {{ function('collect_emails') }}(record ->> 'email', null) as emails,
        {{ function('valid_phones') }}(phones) as phones,
        coalesce(record #>> '{address,country}', record #>> '{shipping,address,country}') as country,
        record ->> 'description' as description,
        upper(record ->> 'currency') as currency,
        {{ function('json_integer') }}(record -> 'balance') as balance_minor,
        {{ function('json_flag') }}(record -> 'delinquent') as is_delinquent,
        {{ function('json_flag') }}(record -> 'livemode') as is_live,
        record -> 'metadata' as metadata,
        created_at,
        updated_at,
        {{ loader_columns() }}
    from customers

)

select * from staged
