{{ config(materialized='publish', schema='unified_internal') }}

-- depends_on: {{ ref('int_batches_resolved') }}

{% for table in ['clients', 'client_records', 'merge_conflicts', 'shared_identifiers'] %}
select
    '{{ table }}' as table_name,
    count(*) as row_count
from {{ ref(table) }}
{{ 'union all' if not loop.last }}
{% endfor %}
