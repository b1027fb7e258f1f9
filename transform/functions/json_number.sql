select case
    when jsonb_typeof(value) = 'number' then (value #>> '{}')::numeric
    when jsonb_typeof(value) = 'string' and (value #>> '{}') ~ '^-?[0-9]{1,30}([.][0-9]{1,30})?$' then (value #>> '{}')::numeric
end
