declare
    local_part text := split_part(email, '@', 1);
    folded text := local_part;
begin
    if email !~ '@(gmail|googlemail)\.com$' or not (gmail_dots or gmail_plus) then
        return email;
    end if;
    if gmail_plus then
        folded := split_part(folded, '+', 1);
    end if;
    if gmail_dots then
        folded := replace(folded, '.', '');
    end if;
    return coalesce(nullif(folded, ''), local_part) || '@gmail.com';
end
