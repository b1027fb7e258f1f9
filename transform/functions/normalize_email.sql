declare
    address text := lower(btrim(value, e' \t\r\n\u00a0\u200b\u202f\u2060\ufeff<>') {{ unicode_collation() }});
begin
    if address ~ '^[^][:space:]@"(),:;<>[\\]+@([^][:space:]@"(),:;<>[\\.]+\.)+[^][:space:]@"(),:;<>[\\.0-9][^][:space:]@"(),:;<>[\\.]+$'
        and length(address) <= 254
        and position('@' in address) <= 65
        and address !~ '(^\.|\.\.|\.@|@-|-\.|\.-|-$|[[:cntrl:]])' then
        return address;
    end if;
    return null;
end
