{# The cell that a row has for a field: of the first header mapped to it, or of the first one that is filled. #}
{% macro mapped_cell(field) -%}
    {%- set headers = 'readings.' ~ field ~ '_headers' -%}
    case when cardinality({{ headers }}) > 1 then (
        select filled.cell
        from unnest({{ headers }}) with ordinality as mapped (header, place)
        cross join lateral {{ function('clean_text') }}(rows_taken.record ->> mapped.header) as filled (cell)
        where filled.cell is not null
        order by mapped.place
        limit 1
    ) else {{ function('clean_text') }}(rows_taken.record ->> {{ headers }}[1]) end
{%- endmacro %}
