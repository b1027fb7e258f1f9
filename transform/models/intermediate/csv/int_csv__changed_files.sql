with

readings as (

    select * from {{ next_version(ref('int_csv__readings')) }}

),

readings_before as (

    select * from {{ ref('int_csv__readings') }}

),

changed_files as (

    select
        coalesce(readings.account, readings_before.account) as account,
        coalesce(readings.file_id, readings_before.file_id) as file_id
    from readings
    full join readings_before on readings.account = readings_before.account and readings.file_id = readings_before.file_id
    where readings.reading is distinct from readings_before.reading

)

select * from changed_files
