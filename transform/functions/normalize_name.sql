{%- set collation = unicode_collation() -%}
{%- set marks = '[\\u0300-\\u036f\\u1ab0-\\u1aff\\u1dc0-\\u1dff\\u20d0-\\u20ff\\ufe20-\\ufe2f]' -%}
select
    nullif(
        btrim(
            regexp_replace(
                regexp_replace(lower(normalize(value, nfkd) {{ collation }}), '{{ marks }}', '', 'g') {{ collation }},
                '[^[:alnum:]]+', ' ', 'g'
            )
        ),
        ''
    )
