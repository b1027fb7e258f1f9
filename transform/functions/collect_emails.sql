declare
    item jsonb;
    address text := {{ function('normalize_email') }}(email);
    addresses text[] := case when address is null then '{}' else array[address] end;
begin
    if jsonb_typeof(further) in ('string', 'object') then
        further := jsonb_build_array(further);
    end if;
    if jsonb_typeof(further) = 'array' then
        for place in 0 .. jsonb_array_length(further) - 1 loop
            item := further -> place;
            address := {{ function('normalize_email') }}(
                case when jsonb_typeof(item) = 'object' then item ->> 'email' else item #>> '{}' end
            );
            if address is not null and address <> all (addresses) then
                addresses := addresses || address;
            end if;
        end loop;
    end if;
    return addresses;
end
