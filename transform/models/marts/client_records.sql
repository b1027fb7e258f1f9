{{ config(scope='int_identity__touched', scope_key='record_key') }}

-- depends_on: {{ ref('int_identity__records') }}
-- depends_on: {{ ref('int_identity__touched') }}
-- depends_on: {{ ref('int_run') }}
with

records as (

    select *
    {% if is_full_run() %}
    from {{ next_version(ref('int_identity__records')) }}
    {% else %}
    from {{ current(ref('int_identity__records'), of=ref('int_identity__touched'), by='record_number') }} as records
    {% endif %}

),

clusters as (

    select * from {{ next_version(ref('int_identity__clusters')) }}

),

reasons as (

    select * from {{ ref('int_identity__reasons') }}

),

client_records as (

    select
        records.record_key,
        clusters.client_id,
        records.business,
        records.source,
        records.stream,
        records.kind,
        records.account,
        records.id,
        clusters.client_number = clusters.record_number as is_founding,
        reasons.kind as why_kind,
        reasons.value as why_value,
        coalesce(reasons.rule, 'alone') as why_rule,
        clusters.alias_client_id,
        records._first_loaded_at as first_loaded_at,
        records._deleted_at as deleted_at
    from records
    inner join clusters on records.record_number = clusters.record_number
    left join reasons on records.record_number = reasons.record_number

)

select * from client_records
