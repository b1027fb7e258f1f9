declare
    figure text := translate(value, e' \t\u00a0\u2009\u202f''\u2019\u2212', '');
    digits text := substring(figure from '[0-9.,]+');
    grouping_mark text := case style when 'point' then ',' when 'comma' then '.' end;
    decimal_mark text := case style when 'point' then '.' when 'comma' then ',' end;
    negative boolean := position('-' in figure) > 0 or position('(' in figure) > 0 or position(e'\u2212' in value) > 0;
begin
    if length(figure) > 60
        or figure !~ '^(-?[^-0-9.,()]{0,4}-?[.,]?[0-9][0-9.,]*[^-0-9.,()]{0,4}-?|\([^-0-9.,()]{0,4}[.,]?[0-9][0-9.,]*[^-0-9.,()]{0,4}\))$'
        or figure ~ '-.*-' then
        return null;
    end if;
    if decimal_mark is null then
        if digits !~ '^[0-9]+$' then
            return null;
        end if;
    elsif digits ~ ('^[0-9]{1,3}([' || grouping_mark || '][0-9]{3})+([' || decimal_mark || '][0-9]*)?$') then
        digits := replace(digits, grouping_mark, '');
    elsif digits !~ ('^[0-9]*([' || decimal_mark || '][0-9]*)?$') then
        return null;
    end if;
    digits := replace(digits, coalesce(decimal_mark, '.'), '.');
    return case when negative then - digits::numeric else digits::numeric end;
end
