select
    nullif(
        btrim(
            regexp_replace(
                regexp_replace(lower(normalize(value, nfkd)), '[\u0300-\u036f\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]', '', 'g'),
                '[^[:alnum:]]+', ' ', 'g'
            )
        ),
        ''
    )
