{{ config(materialized='kept') }}

-- depends_on: {{ ref('int_run') }}
with

identifier_fields as (

    select * from {{ ref('int_rules__identifier_fields') }}

),

identity_rules as (

    select * from {{ ref('int_rules__kinds') }}

),

ghl_custom_fields as (

    select * from {{ ref('stg_ghl__custom_fields') }}

),

-- The other identifiers are looked for only if their kind has a rule.
ruled as (

    select identifier_fields.*
    from identifier_fields
    inner join identity_rules on identifier_fields.kind = identity_rules.kind
    where identifier_fields.place <> 'id'

),

-- A contact holds the id of a custom field; people know its name or key.
ghl_names as (

    select
        account,
        id,
        replace(lower(name), ' ', '_') as field
    from ghl_custom_fields
    union
    select
        account,
        id,
        replace(lower(field_key), 'contact.', '') as field
    from ghl_custom_fields

),

keys as (

    select
        ruled.source,
        ruled.stream,
        ghl_names.account,
        ruled.kind,
        ghl_names.id as key
    from ruled
    inner join ghl_names
        on replace(replace(lower(ruled.field), ' ', '_'), 'contact.', '') = ghl_names.field
    where ruled.source = 'ghl'
    union
    select
        source,
        stream,
        '' as account,
        kind,
        field as key
    from ruled
    where source <> 'ghl'

),

identifier_places as (

    select
        source,
        stream,
        account,
        array_agg(kind order by kind, key) as kinds,
        array_agg(key order by kind, key) as keys
    from keys
    group by source, stream, account

)

select * from identifier_places
