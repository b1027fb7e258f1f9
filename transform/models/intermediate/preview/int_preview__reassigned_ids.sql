{#- Which ids would mean somebody else? Those whose founding record left the records that it stood for. -#}
-- depends_on: {{ ref('int_identity__touched') }}
-- depends_on: {{ ref('int_run') }}
with

next_records as (

    select
        record_key,
        client_id
    from {{ next_version(ref('client_records')) }}

),

published_records as (

    select
        record_key,
        client_id,
        is_founding
    from {{ ref('client_records') }}
    {%- if not is_full_run() %}
    where record_key in (select touched.record_key from {{ ref('int_identity__touched') }} as touched)
    {%- endif %}

),

torn as (

    select distinct published_records.client_id
    from published_records
    inner join next_records on published_records.record_key = next_records.record_key
    where published_records.client_id <> next_records.client_id

),

parts as (

    select
        published_records.client_id,
        next_records.client_id as part_client_id,
        count(*) as record_count,
        bool_or(published_records.is_founding) as has_founder
    from torn
    inner join published_records on torn.client_id = published_records.client_id
    inner join next_records on published_records.record_key = next_records.record_key
    group by published_records.client_id, next_records.client_id

),

kept as (

    select * from parts
    where has_founder

),

lost as (

    select distinct on (client_id)
        client_id,
        part_client_id,
        record_count
    from parts
    where not has_founder
    order by client_id asc, record_count desc, part_client_id asc

),

companions as (

    select
        kept.client_id,
        count(*) - min(kept.record_count) as newcomer_count
    from kept
    inner join next_records on kept.part_client_id = next_records.client_id
    group by kept.client_id

),

-- Most of the records are elsewhere; or as many, and in their place came records of others.
reassigned_ids as (

    select
        kept.client_id,
        kept.part_client_id as means_client_id,
        lost.part_client_id as left_client_id,
        kept.record_count as records_kept,
        lost.record_count as records_left,
        companions.newcomer_count
    from kept
    inner join lost on kept.client_id = lost.client_id
    inner join companions on kept.client_id = companions.client_id
    where
        lost.record_count > kept.record_count
        or (lost.record_count = kept.record_count and companions.newcomer_count > 0)

)

select * from reassigned_ids
