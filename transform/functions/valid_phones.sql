declare
    phone text;
    found text[] := '{}';
begin
    if jsonb_typeof(phones) = 'array' then
        for place in 0 .. jsonb_array_length(phones) - 1 loop
            phone := phones ->> place;
            if phone ~ '^[+][0-9]{6,15}$' and phone <> all (found) then
                found := found || phone;
            end if;
        end loop;
    end if;
    return found;
end
