declare
    trimmed text := btrim(value, e' \t\r\n\u00a0\u200b\u202f\u2060\ufeff');
begin
    if trimmed like '''%' and trimmed ~ '^''[+0-9]' then
        trimmed := substr(trimmed, 2);
    end if;
    if trimmed = '' or length(trimmed) < 8 and upper(trimmed) in ('#N/A', '#N/D', '#REF!', '#VALUE!', 'NULL', 'N/A') then
        return null;
    end if;
    return trimmed;
end
