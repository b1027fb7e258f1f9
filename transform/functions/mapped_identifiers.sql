declare
    pair jsonb;
    pairs jsonb;
    identifier text;
begin
    for place in 1 .. cardinality(headers) loop
        identifier := {{ function('normalize_identifier') }}(record ->> headers[place]);
        if identifier is not null then
            pair := jsonb_build_array(jsonb_build_array(kinds[place], identifier));
            if pairs is null then
                pairs := pair;
            elsif not pairs @> pair then
                pairs := pairs || pair;
            end if;
        end if;
    end loop;
    return pairs;
end
