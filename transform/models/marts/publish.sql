{{ config(materialized='publish', schema='unified_internal') }}

-- depends_on: {{ ref('int_batches_resolved') }}

select 'clients' as table_name, count(*) as row_count from {{ ref('clients') }}
union all
select 'client_records' as table_name, count(*) as row_count from {{ ref('client_records') }}
union all
select 'merge_conflicts' as table_name, count(*) as row_count from {{ ref('merge_conflicts') }}
union all
select 'shared_identifiers' as table_name, count(*) as row_count from {{ ref('shared_identifiers') }}
