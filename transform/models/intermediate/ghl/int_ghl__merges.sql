{{ config(materialized='kept') }}

-- depends_on: {{ ref('int_run') }}
with

contacts as not materialized (

    select * from {{ ref('stg_ghl__contacts') }}

),

payment_transactions as (

    select * from {{ ref('stg_ghl__payment_transactions') }}

),

told as (

    select distinct on (account, merged_from_contact_id)
        account,
        merged_from_contact_id as lost_id,
        contact_id as survivor_id,
        'payment' as evidence,
        1 as preference
    from payment_transactions
    where contact_id <> merged_from_contact_id
    order by account asc, merged_from_contact_id asc, updated_at desc nulls last, id asc

),

lost as (

    select
        contacts.account,
        contacts.id,
        'email' as kind,
        addresses.email as value
    from contacts
    cross join unnest(contacts.emails) as addresses (email)
    where contacts._deleted_at is not null
    union all
    select
        contacts.account,
        contacts.id,
        'phone' as kind,
        numbers.phone as value
    from contacts
    cross join unnest(contacts.phones) as numbers (phone)
    where contacts._deleted_at is not null

),

taken_over as (

    select
        contacts.account,
        contacts.id,
        'email' as kind,
        addresses.email as value
    from contacts
    cross join unnest(contacts.additional_emails) as addresses (email)
    where contacts._deleted_at is null and contacts.additional_emails is not null
    union all
    select
        contacts.account,
        contacts.id,
        'phone' as kind,
        numbers.phone as value
    from contacts
    cross join unnest(contacts.additional_phones) as numbers (phone)
    where contacts._deleted_at is null and contacts.additional_phones is not null

),

-- Where several contacts took the value over, nobody knows which one survived: that is an ordinary deletion.
recognised as (

    select
        lost.account,
        lost.id as lost_id,
        min(taken_over.id) as survivor_id,
        'additional ' || lost.kind as evidence,
        case lost.kind when 'email' then 2 else 3 end as preference
    from lost
    inner join taken_over
        on lost.account = taken_over.account and lost.kind = taken_over.kind and lost.value = taken_over.value
    group by lost.account, lost.id, lost.kind
    having min(taken_over.id) = max(taken_over.id)

),

found as (

    select * from told
    union all
    select * from recognised

),

one_survivor_each as (

    select distinct on (account, lost_id)
        account,
        lost_id,
        survivor_id,
        evidence
    from found
    order by account, lost_id, preference

)

select * from one_survivor_each
