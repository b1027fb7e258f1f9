{# Whether the options say that spellings of one Gmail address are one e-mail. #}
{% macro folds_gmail() -%}
    {{ return('true' in [identity_option('gmail_dots'), identity_option('gmail_plus')]) }}
{%- endmacro %}


{# An e-mail as identity compares it. The call that folds is named first, so that dbt always knows that it may be needed. #}
{% macro compared_email(email) -%}
    {%- set fold = function('fold_email') -%}
    {%- if not folds_gmail() -%}{{ return(email) }}{%- endif -%}
    {%- set dots = identity_option('gmail_dots') == 'true' -%}
    {%- set plus = identity_option('gmail_plus') == 'true' -%}
    {{ return(fold ~ '(' ~ email ~ ', ' ~ dots ~ ', ' ~ plus ~ ')') }}
{%- endmacro %}
