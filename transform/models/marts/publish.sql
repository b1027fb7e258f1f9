{{ config(materialized='publish', schema='unified_internal') }}

-- depends_on: {{ ref('int_run') }}
-- depends_on: {{ ref('int_batches_resolved') }}
-- depends_on: {{ ref('int_preview__reassigned_ids') }}
{% for model in [
    'int_csv__readings', 'int_decisions', 'int_ghl__merges', 'int_manychat__subscribers', 'int_paypal__payers',
    'int_identity__identifier_places', 'int_identity__issuers', 'int_identity__records', 'int_identity__unidentifiable',
    'int_identity__identifiers', 'int_identity__excluded', 'int_identity__clusters',
    'int_money__told', 'int_money__movements', 'int_money__invoices', 'int_money__subscriptions',
    'int_money__subscription_states', 'int_money__spent',
] %}
-- depends_on: {{ ref(model) }}
{% endfor %}

{% for table in [
    'clients', 'client_records', 'merge_conflicts', 'shared_identifiers', 'transactions', 'invoices', 'subscriptions',
] %}
select
    '{{ table }}' as table_name,
    count(*) as row_count
from {{ ref(table) }}
{{ 'union all' if not loop.last }}
{% endfor %}
