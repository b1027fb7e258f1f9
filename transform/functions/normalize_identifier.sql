declare
    cleaned text := {{ function('clean_text') }}(value);
begin
    if cleaned ~ '^[0-9]([.,][0-9]+)?[eE][+-]?[0-9]+$' then
        return null;
    end if;
    return cleaned;
end
