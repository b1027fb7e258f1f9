{#- Which payments have to be counted again: what a changed row tells of, or told, and what went back of it? -#}
-- depends_on: {{ ref('int_money__changed_rows') }}
-- depends_on: {{ ref('int_run') }}
with

told as (

    select * from {{ next_version(ref('int_money__told')) }}

),

{% if is_full_run() %}

touched_payments as (

    select payment_key from told
    where false

)

{% else %}

told_before as (

    select * from {{ ref('int_money__told') }}

),

changed_rows as (

    select row_key from {{ ref('int_money__changed_rows') }}

),

changed as (

    select payment_key from told
    union
    select told_before.payment_key
    from changed_rows
    inner join told_before on changed_rows.row_key = told_before.row_key

),

touched_payments as (

    select payment_key from changed
    union
    select told_before.payment_key
    from changed
    inner join told_before on changed.payment_key = told_before.reference_key

)

{% endif %}

select * from touched_payments
