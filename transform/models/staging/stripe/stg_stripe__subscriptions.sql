with

subscriptions as (

    {{ rows_taken(source('staging_stripe', 'subscriptions')) }}

),

staged as (

    select
        account,
        id,
        {{ function('json_id') }}(record -> 'customer') as customer_id,
        record ->> 'status' as status,
        upper(record ->> 'currency') as currency,
        record #> '{items,data}' as items,
        coalesce(
            {{ function('unix_time') }}(record #> '{items,data,0,current_period_start}'),
            {{ function('unix_time') }}(record -> 'current_period_start')
        ) as current_period_start,
        coalesce(
            {{ function('unix_time') }}(record #> '{items,data,0,current_period_end}'),
            {{ function('unix_time') }}(record -> 'current_period_end')
        ) as current_period_end,
        {{ function('unix_time') }}(record -> 'start_date') as started_at,
        {{ function('unix_time') }}(record -> 'trial_end') as trial_end,
        {{ function('unix_time') }}(record -> 'cancel_at') as cancel_at,
        {{ function('json_flag') }}(record -> 'cancel_at_period_end') as is_ending,
        {{ function('unix_time') }}(record -> 'canceled_at') as canceled_at,
        {{ function('unix_time') }}(record -> 'ended_at') as ended_at,
        {{ function('json_id') }}(record -> 'latest_invoice') as latest_invoice_id,
        {{ function('json_flag') }}(record -> 'livemode') as is_live,
        record -> 'metadata' as metadata,
        created_at,
        updated_at,
        {{ loader_columns() }}
    from subscriptions

)

select * from staged
