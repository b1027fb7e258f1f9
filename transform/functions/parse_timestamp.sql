declare
    written text := lower(btrim(value, e' \t\r\n\u00a0\u200b\u202f\ufeff'));
    from_clock text;
    clock text;
    zone_text text;
    local_time timestamp;
begin
    -- Nearly all are written like these two, and up to the 28th every month has the day: three times as fast.
    if written ~ '^[1-9][0-9]{3}-(0[1-9]|1[0-2])-(0[1-9]|1[0-9]|2[0-8])[ t]([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]$' then
        return written::timestamp at time zone coalesce(zone, 'UTC');
    end if;
    if written ~ '^[1-9][0-9]{3}-(0[1-9]|1[0-2])-(0[1-9]|1[0-9]|2[0-8])t([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]([.][0-9]{1,6})?(z|[+-](0[0-9]|1[0-4]):?[0-5][0-9])$' then
        return written::timestamptz;
    end if;

    from_clock := coalesce(substring(written from '[0-9]{1,2}:[0-9]{2}.*$'), '');
    clock := coalesce(
        substring(from_clock from '^[0-9:.]+ ?[ap][.]? ?m[.]?'), substring(from_clock from '^[0-9:.]+')
    );
    zone_text := btrim(substr(from_clock, length(clock) + 1));
    local_time := {{ function('parse_date') }}(
        rtrim(left(written, length(written) - length(from_clock)), ' t,'), date_style
    );
    if from_clock <> '' then
        local_time := local_time + {{ function('parse_clock') }}(clock);
    end if;
    if coalesce(zone_text, '') = '' then
        return local_time at time zone coalesce(zone, 'UTC');
    end if;
    return local_time at time zone {{ function('parse_utc_offset') }}(zone_text);
end
