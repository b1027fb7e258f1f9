select case jsonb_typeof(value)
    when 'object' then value ->> 'id'
    when 'string' then nullif(value #>> '{}', '')
    when 'number' then value #>> '{}'
end
