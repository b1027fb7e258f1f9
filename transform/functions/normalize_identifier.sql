select case when cleaned.value !~ '^[0-9]([.,][0-9]+)?[eE][+-]?[0-9]+$' then cleaned.value end
from (select {{ function('clean_text') }}(value) as value) as cleaned
