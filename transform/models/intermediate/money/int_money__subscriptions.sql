{{ config(materialized='kept') }}

-- depends_on: {{ ref('int_run') }}
with

stripe_subscriptions as (

    select * from {{ ref('stg_stripe__subscriptions') }}

),

paypal_subscriptions as (

    select * from {{ ref('stg_paypal__subscriptions') }}

),

paypal_plans as (

    select * from {{ ref('stg_paypal__plans') }}

),

ghl_subscriptions as (

    select * from {{ ref('stg_ghl__payment_subscriptions') }}

),

money_statuses as (

    select * from {{ ref('money_statuses') }}
    where about = 'subscriptions'

),

accounts as (

    select * from {{ ref('int_rules__accounts') }}

),

currencies as (

    select * from {{ ref('currencies') }}

),

periods (period, months) as (

    values ('day', 12::numeric / 365), ('week', 12::numeric / 52), ('month', 1::numeric), ('year', 12::numeric)

),

-- Before prices there were plans, with the same under other names.
stripe_prices as (

    select
        stripe_subscriptions.account,
        stripe_subscriptions.id,
        coalesce({{ function('json_number') }}(items.item -> 'quantity'), 1)
        * coalesce(
            {{ function('json_number') }}(items.item #> '{price,unit_amount_decimal}'),
            {{ function('json_number') }}(items.item #> '{price,unit_amount}'),
            {{ function('json_number') }}(items.item #> '{plan,amount_decimal}'),
            {{ function('json_number') }}(items.item #> '{plan,amount}')
        ) as amount_minor,
        coalesce(items.item #>> '{price,recurring,interval}', items.item #>> '{plan,interval}') as period,
        coalesce(
            {{ function('json_number') }}(items.item #> '{price,recurring,interval_count}'),
            {{ function('json_number') }}(items.item #> '{plan,interval_count}'),
            1
        ) as period_count
    from stripe_subscriptions
    cross join jsonb_array_elements(stripe_subscriptions.items) as items (item)
    where jsonb_typeof(stripe_subscriptions.items) = 'array'

),

-- One price without an amount (tiers, by usage), and nobody knows the whole.
stripe_amounts as (

    select
        stripe_prices.account,
        stripe_prices.id,
        case
            when count(*) = count(stripe_prices.amount_minor / stripe_prices.period_count / periods.months)
                then sum(stripe_prices.amount_minor / stripe_prices.period_count / periods.months)
        end as monthly_minor
    from stripe_prices
    left join periods on stripe_prices.period = periods.period
    group by stripe_prices.account, stripe_prices.id

),

paypal_prices as (

    select distinct on (paypal_plans.account, paypal_plans.id)
        paypal_plans.account,
        paypal_plans.id,
        {{ function('json_number') }}(cycles.cycle #> '{pricing_scheme,fixed_price,value}')
        / coalesce({{ function('json_number') }}(cycles.cycle #> '{frequency,interval_count}'), 1)
        / periods.months as monthly_amount,
        upper(cycles.cycle #>> '{pricing_scheme,fixed_price,currency_code}') as currency
    from paypal_plans
    cross join jsonb_array_elements(paypal_plans.billing_cycles) as cycles (cycle)
    left join periods on lower(cycles.cycle #>> '{frequency,interval_unit}') = periods.period
    where jsonb_typeof(paypal_plans.billing_cycles) = 'array' and cycles.cycle ->> 'tenure_type' = 'REGULAR'
    order by paypal_plans.account, paypal_plans.id, {{ function('json_number') }}(cycles.cycle -> 'sequence')

),

told as (

    select
        'stripe' as source,
        'subscriptions' as stream,
        stripe_subscriptions.account,
        stripe_subscriptions.id,
        'stripe' as provider,
        stripe_subscriptions.id as provider_id,
        1 as teller,
        stripe_subscriptions.status as word,
        {{ function('major_amount') }}(
            round(stripe_amounts.monthly_minor)::bigint, currencies.stripe_decimals
        ) as monthly_amount,
        stripe_subscriptions.currency,
        stripe_subscriptions.started_at,
        stripe_subscriptions.current_period_end,
        coalesce(stripe_subscriptions.ended_at, stripe_subscriptions.cancel_at) as ends_at,
        'stripe:customers:' || stripe_subscriptions.account || ':' || stripe_subscriptions.customer_id as record_key,
        stripe_subscriptions._deleted_at as deleted_at
    from stripe_subscriptions
    left join stripe_amounts
        on stripe_subscriptions.account = stripe_amounts.account and stripe_subscriptions.id = stripe_amounts.id
    left join currencies on stripe_subscriptions.currency = currencies.currency
    union all
    select
        'paypal' as source,
        'subscriptions' as stream,
        paypal_subscriptions.account,
        paypal_subscriptions.id,
        'paypal' as provider,
        paypal_subscriptions.id as provider_id,
        1 as teller,
        paypal_subscriptions.status as word,
        paypal_prices.monthly_amount * coalesce(paypal_subscriptions.quantity, 1) as monthly_amount,
        coalesce(paypal_prices.currency, paypal_subscriptions.currency) as currency,
        paypal_subscriptions.started_at,
        paypal_subscriptions.next_billing_at as current_period_end,
        case
            when paypal_subscriptions.status in ('CANCELLED', 'EXPIRED') then paypal_subscriptions.status_changed_at
        end as ends_at,
        'paypal:payers:' || paypal_subscriptions.account || ':'
        || coalesce(paypal_subscriptions.payer_account_id, paypal_subscriptions.email) as record_key,
        paypal_subscriptions._deleted_at as deleted_at
    from paypal_subscriptions
    left join paypal_prices
        on paypal_subscriptions.account = paypal_prices.account and paypal_subscriptions.plan_id = paypal_prices.id
    union all
    select
        'ghl' as source,
        'payment_subscriptions' as stream,
        account,
        id,
        coalesce(lower(nullif(provider, '')), 'ghl') as provider,
        coalesce(nullif(provider_subscription_id, ''), id) as provider_id,
        2 as teller,
        status as word,
        null::numeric as monthly_amount,
        currency,
        created_at as started_at,
        null::timestamptz as current_period_end,
        null::timestamptz as ends_at,
        'ghl:contacts:' || account || ':' || contact_id as record_key,
        _deleted_at as deleted_at
    from ghl_subscriptions

),

placed as (

    select
        told.source || ':' || told.stream || ':' || told.account || ':' || told.id as subscription_key,
        told.*,
        coalesce(accounts.business, 'main') as business
    from told
    left join accounts on told.source = accounts.source and told.account = accounts.account

),

-- GoHighLevel repeats what Stripe or PayPal collects for it.
ranked as (

    select
        *,
        row_number() over (
            partition by business, provider, provider_id order by teller asc, subscription_key collate "C" asc
        ) as place
    from placed

),

subscriptions as (

    select
        ranked.subscription_key,
        ranked.business,
        ranked.provider,
        ranked.source,
        ranked.account,
        ranked.id,
        coalesce(money_statuses.status, 'unknown') as status,
        ranked.word as provider_status,
        round(ranked.monthly_amount, coalesce(currencies.decimals, 2)) as monthly_amount,
        ranked.currency,
        ranked.started_at,
        ranked.current_period_end,
        ranked.ends_at,
        ranked.record_key,
        ranked.deleted_at
    from ranked
    left join money_statuses on lower(ranked.word) = money_statuses.word
    left join currencies on ranked.currency = currencies.currency
    where ranked.place = 1

)

select * from subscriptions
