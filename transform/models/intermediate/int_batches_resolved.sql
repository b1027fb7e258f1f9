-- depends_on: {{ ref('int_identity__cases') }}
-- depends_on: {{ ref('int_identity__reasons') }}
-- depends_on: {{ ref('int_identity__winners') }}

with

batches_taken as (

    select * from {{ ref('int_batches_taken') }}

),

resolved as (

    select
        batch_id,
        source,
        stream,
        committed_at
    from batches_taken
    where is_new

)

select * from resolved
