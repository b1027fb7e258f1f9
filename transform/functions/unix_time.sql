select case
    when jsonb_typeof(value) = 'number' and value::numeric between 0 and 99999999999 then to_timestamp(value::double precision)
end
