declare
    header text;
    email text;
    emails text[] := '{}';
begin
    foreach header in array headers loop
        email := {{ function('normalize_email') }}(record ->> header);
        if email is not null and email <> all (emails) then
            emails := emails || email;
        end if;
    end loop;
    return emails;
end
