{#- Between which clients is there a decision "different people"? A pair that is one client all the same contradicts "same". -#}
with

pairs as (

    select * from {{ ref('int_identity__pairs') }}
    where decision = 'different_people'

),

clusters as (

    select
        record_number,
        client_id
    from {{ next_version(ref('int_identity__clusters')) }}

),

kept_apart as (

    select distinct
        least(one.client_id, other.client_id) as client_id,
        greatest(one.client_id, other.client_id) as other_client_id
    from pairs
    inner join clusters as one on pairs.record_number = one.record_number
    inner join clusters as other on pairs.other_record_number = other.record_number
    where one.client_id <> other.client_id

)

select * from kept_apart
