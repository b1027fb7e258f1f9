{#
    The rows of a seed of rules as they stand now: an override takes the place of the row with its key, removes it, or
    adds one. `columns` are the seed's columns with their types, without `comment`; cells are trimmed, blank ones are null.
#}
{% macro overridden(seed, key, columns) -%}
    {%- set overrides = ref('int_rules__overrides') -%}
    select
        {%- for column, type in columns.items() %}
        nullif(btrim(seeded.{{ column }}::text), '')::{{ type }} as {{ column }},
        {%- endfor %}
        seeded.comment
    from {{ ref(seed) }} as seeded
    where not exists (
        select from {{ overrides }} as overrides
        where
            overrides.seed = '{{ seed }}'
            {%- for column in key %}
            and coalesce(btrim(overrides.key ->> '{{ column }}'), '') = coalesce(btrim(seeded.{{ column }}::text), '')
            {%- endfor %}
    )
    union all
    select
        {%- for column, type in columns.items() %}
        nullif(btrim(
            {%- if column in key %}overrides.key{% else %}overrides.replacement{% endif %} ->> '{{ column }}'), '')::{{ type }} as {{ column }},
        {%- endfor %}
        overrides.comment
    from {{ overrides }} as overrides
    where overrides.seed = '{{ seed }}' and overrides.replacement is not null
{%- endmacro %}
