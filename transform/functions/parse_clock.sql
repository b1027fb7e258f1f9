declare
    written text := lower(btrim(value));
    hours integer;
    seconds text;
begin
    if written is null or written !~ '^[0-9]{1,2}:[0-9]{2}(:[0-9]{2}([.][0-9]{1,9})?)?( ?[ap][.]? ?m[.]?)?$' then
        return null;
    end if;
    hours := split_part(written, ':', 1)::integer;
    if written ~ 'm[.]?$' then
        if hours not between 1 and 12 then
            return null;
        end if;
        hours := hours % 12 + case when written like '%p%' then 12 else 0 end;
    end if;
    seconds := coalesce(nullif(rtrim(split_part(written, ':', 3), ' apm.'), ''), '0');
    if hours > 23 or left(split_part(written, ':', 2), 2)::integer > 59 or seconds::numeric >= 60 then
        return null;
    end if;
    return make_interval(hours => hours, mins => left(split_part(written, ':', 2), 2)::integer, secs => seconds::double precision);
end
