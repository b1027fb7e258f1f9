with

conflicts as (

    select * from {{ ref('int_identity__conflicts') }}

),

merge_conflicts as (

    select
        {{ function('derive_uuid') }}(jsonb_build_array(business, kind, value)::text) as conflict_id,
        business,
        kind,
        value,
        'open' as status,
        array_agg(client_id order by client_id) as client_ids,
        count(*) as client_count,
        sum(record_count)::bigint as record_count
    from conflicts
    group by business, kind, value

)

select * from merge_conflicts
