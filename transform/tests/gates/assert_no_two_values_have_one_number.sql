-- depends_on: {{ ref('int_run') }}
with

links as (

    select
        record_number,
        value_number
    from {{ ref('int_identity__links') }}

),

identifiers as (

    select
        record_number,
        value_number,
        hashtext(business || e'\x1f' || kind || e'\x1f' || value) as other_hash
    from {{ current(ref('int_identity__identifiers'), of=ref('int_identity__touched'), by='record_number') }} as identifiers

),

ambiguous as (

    select identifiers.value_number
    from links
    inner join identifiers
        on links.record_number = identifiers.record_number and links.value_number = identifiers.value_number
    group by identifiers.value_number
    having min(identifiers.other_hash) < max(identifiers.other_hash)

)

select * from ambiguous
