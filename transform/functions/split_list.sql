declare
    item text;
    items text[] := '{}';
begin
    foreach item in array string_to_array(value, ',') loop
        if btrim(item) <> '' then
            items := items || btrim(item);
        end if;
    end loop;
    return items;
end
