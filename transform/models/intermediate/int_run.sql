-- depends_on: {{ ref('int_batches_taken') }}
{%- set query = 'select kind, rules_version from ops.publishes order by publish_id desc limit 1' %}
{%- set found = run_query(query).rows if execute else [] %}
{%- set last = found[0] if found | length > 0 else none %}
{%- set rules_version = rules_fingerprint() %}
{%- set why_full = why_everything_is_new(last, rules_version) %}

with

this_run as (

    select
        '{{ invocation_id }}'::uuid as run_id,
        {{ 'true' if why_full else 'false' }} as is_full,
        nullif('{{ why_full }}', '') as why_full,
        '{{ rules_version }}' as rules_version,
        clock_timestamp() as started_at

)

select * from this_run
