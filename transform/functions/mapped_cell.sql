declare
    header text;
    cell text;
begin
    foreach header in array headers loop
        cell := {{ function('clean_text') }}(record ->> header);
        if cell is not null then
            return cell;
        end if;
    end loop;
    return null;
end
