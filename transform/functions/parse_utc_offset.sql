declare
    written text := regexp_replace(lower(btrim(value)), '^(utc|gmt)', '');
    digits text;
begin
    if written in ('', 'z') then
        return case when btrim(value) <> '' then interval '0' end;
    end if;
    if written is null or written !~ '^[-+]([0-9]|0[0-9]|1[0-5])(:?[0-5][0-9])?$' then
        return null;
    end if;
    digits := translate(written, '+-:', '');
    digits := case when length(digits) in (1, 3) then '0' else '' end || rpad(digits, 4, '0');
    return make_interval(hours => left(digits, 2)::integer, mins => substr(digits, 3, 2)::integer)
        * case when written like '-%' then -1 else 1 end;
end
