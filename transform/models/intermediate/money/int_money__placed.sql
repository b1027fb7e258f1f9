{{ config(materialized='ephemeral') }}

with

told as (

    select * from {{ ref('int_money__told_by_stripe') }}
    union all
    select * from {{ ref('int_money__told_by_paypal') }}
    union all
    select * from {{ ref('int_money__told_by_csv') }}
    union all
    select * from {{ ref('int_money__told_by_ghl') }}

),

money_statuses as (

    select * from {{ ref('money_statuses') }}

),

accounts as (

    select * from {{ ref('int_rules__accounts') }}

),

placed as (

    select
        told.*,
        told.source || ':' || told.stream || ':' || told.account || ':' || told.id as row_key,
        coalesce(accounts.business, 'main') as business,
        coalesce(money_statuses.status, 'unknown') as told_status
    from told
    left join accounts on told.source = accounts.source and told.account = accounts.account
    left join money_statuses on told.about = money_statuses.about and lower(told.word) = money_statuses.word

)

select * from placed
