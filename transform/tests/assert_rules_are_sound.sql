-- One row per rule that nobody could follow.
select
    'identity_rules' as seed,
    kind as rule,
    'it stands twice' as trouble
from {{ ref('int_rules__kinds') }}
group by kind
having count(*) > 1
union all
select
    'identity_rules' as seed,
    string_agg(kind, ', ' order by kind) as rule,
    'they have one priority' as trouble
from {{ ref('int_rules__kinds') }}
group by priority
having count(*) > 1
union all
select
    'identity_rules' as seed,
    kind as rule,
    'a cell is empty' as trouble
from {{ ref('int_rules__kinds') }}
where kind is null or priority is null or exclusive is null or per_account is null
union all
select
    'source_priority' as seed,
    concat_ws(', ', source, kind) as rule,
    'it stands twice or has no priority' as trouble
from {{ ref('int_rules__source_priority') }}
group by source, kind
having count(*) > 1 or count(priority) = 0
union all
select
    'accounts' as seed,
    concat_ws(', ', source, account) as rule,
    'it stands twice or has no business' as trouble
from {{ ref('int_rules__accounts') }}
group by source, account
having count(*) > 1 or count(business) = 0
union all
select
    'accounts' as seed,
    concat_ws(', ', source, account) as rule,
    'there is no such source' as trouble
from {{ ref('int_rules__accounts') }}
where source is null or source not in (select priorities.source from {{ ref('int_rules__source_priority') }} as priorities)
union all
select
    'identifier_fields' as seed,
    concat_ws(', ', source, stream, place, field, kind) as rule,
    'it stands twice' as trouble
from {{ ref('int_rules__identifier_fields') }}
group by source, stream, place, field, kind
having count(*) > 1
union all
select
    'identity_options' as seed,
    option as rule,
    'it stands twice' as trouble
from {{ ref('int_rules__options') }}
group by option
having count(*) > 1
union all
select
    'identity_options' as seed,
    option as rule,
    'it is neither true nor false' as trouble
from {{ ref('int_rules__options') }}
where option in ('gmail_dots', 'gmail_plus') and value not in ('true', 'false')
union all
select
    'identity_rules' as seed,
    count(*) || ' kinds' as rule,
    'there can be 31' as trouble
from {{ ref('int_rules__kinds') }}
having count(*) > 31
