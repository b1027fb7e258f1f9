declare
    written text := lower(btrim(value, e' \t\r\n\u00a0\u200b\u202f\ufeff'));
    from_clock text := coalesce(substring(written from '[0-9]{1,2}:[0-9]{2}.*$'), '');
    clock text := coalesce(substring(from_clock from '^[0-9:.]+ ?[ap][.]? ?m[.]?'), substring(from_clock from '^[0-9:.]+'));
    zone_text text := btrim(substr(from_clock, length(clock) + 1));
    local_time timestamp := {{ function('parse_date') }}(
        rtrim(left(written, length(written) - length(from_clock)), ' t,'), date_style
    );
begin
    if from_clock <> '' then
        local_time := local_time + {{ function('parse_clock') }}(clock);
    end if;
    if coalesce(zone_text, '') = '' then
        return local_time at time zone coalesce(zone, 'UTC');
    end if;
    return local_time at time zone {{ function('parse_utc_offset') }}(zone_text);
end
