select case
    when jsonb_typeof(value) = 'number' and abs(value::numeric) < 1e18 and value::numeric = trunc(value::numeric)
        then value::bigint
end
