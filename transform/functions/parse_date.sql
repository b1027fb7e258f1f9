declare
    written text := lower(btrim(value));
    month_names constant text[] := array[
        'jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec',
        'ene', 'fev', 'mar', 'abr', 'mai', 'jun', 'jul', 'ago', 'set', 'out', 'nov', 'dic',
        'jan', 'fev', 'mar', 'abr', 'mai', 'jun', 'jul', 'ago', 'set', 'out', 'nov', 'dez'
    ];
    year_text text;
    month_text text;
    day_text text;
    month_number integer;
    year_number integer;
begin
    if translate(written, '0123456789', '') in ('--', '//', '..') then
        written := translate(written, '/.', '--');
        if written ~ '^[0-9]{4}-' then
            date_style := 'ymd';
        end if;
        year_text := split_part(written, '-', case date_style when 'ymd' then 1 else 3 end);
        month_text := split_part(written, '-', case date_style when 'mdy' then 1 else 2 end);
        day_text := split_part(written, '-', case date_style when 'ymd' then 3 when 'mdy' then 2 else 1 end);
    elsif written ~ '^[[:alpha:]]{3,10}[.]? [0-9]{1,2},? [0-9]{4}$' then
        month_text := split_part(written, ' ', 1);
        day_text := rtrim(split_part(written, ' ', 2), ',');
        year_text := split_part(written, ' ', 3);
        date_style := 'words';
    elsif written ~ '^[0-9]{1,2}[- ](de )?[[:alpha:]]{3,10}[.]?[- ](de )?[0-9]{4}$' then
        written := translate(replace(written, ' de ', ' '), '-', ' ');
        day_text := split_part(written, ' ', 1);
        month_text := split_part(written, ' ', 2);
        year_text := split_part(written, ' ', 3);
        date_style := 'words';
    end if;

    if date_style = 'words' then
        month_text := 1 + (array_position(month_names, left(month_text, 3)) - 1) % 12;
    end if;
    if coalesce(date_style, '') not in ('ymd', 'dmy', 'mdy', 'words')
        or coalesce(year_text !~ '^([0-9]{2}|[0-9]{4})$' or month_text !~ '^[0-9]{1,2}$' or day_text !~ '^[0-9]{1,2}$', true) then
        return null;
    end if;

    year_number := year_text::integer;
    if length(year_text) = 2 then
        year_number := year_number + case when year_number < 70 then 2000 else 1900 end;
    end if;
    month_number := month_text::integer;
    if year_number < 1 or month_number not between 1 and 12 or day_text::integer not between 1 and extract(
        day from make_date(year_number, month_number, 1) + interval '1 month' - interval '1 day'
    ) then
        return null;
    end if;
    return make_date(year_number, month_number, day_text::integer);
end
