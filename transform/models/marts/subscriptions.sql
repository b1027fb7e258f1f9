-- depends_on: {{ ref('int_identity__touched') }}
-- depends_on: {{ ref('int_run') }}
with

money_subscriptions as (

    select * from {{ next_version(ref('int_money__subscriptions')) }}

),

{% if not is_full_run() %}

payers as (

    select distinct record_key from money_subscriptions
    where record_key is not null

),

{% endif %}

clusters as (

    select
        record_key,
        client_id
    from {{ current(ref('int_identity__clusters'), of='payers', by='record_key') }} as clusters

),

subscriptions as (

    select
        money_subscriptions.subscription_key,
        clusters.client_id,
        money_subscriptions.business,
        money_subscriptions.provider,
        money_subscriptions.source,
        money_subscriptions.account,
        money_subscriptions.id,
        money_subscriptions.status,
        money_subscriptions.provider_status,
        money_subscriptions.monthly_amount,
        money_subscriptions.currency,
        money_subscriptions.started_at,
        money_subscriptions.current_period_end,
        money_subscriptions.ends_at,
        money_subscriptions.record_key,
        money_subscriptions.deleted_at
    from money_subscriptions
    left join clusters on money_subscriptions.record_key = clusters.record_key

)

select * from subscriptions
