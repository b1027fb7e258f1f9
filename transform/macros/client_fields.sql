{# The fields of a client that a decision can choose, each with the values that a row of records or offers has for it. #}
{% macro client_fields(row, name) -%}
    {%- set fields = {'name': 'array[' ~ row ~ '.' ~ name ~ ']', 'email': row ~ '.emails', 'phone': row ~ '.phones'} -%}
    {%- for field in ['country', 'consent_email', 'consent_sms', 'consent_whatsapp'] -%}
        {%- do fields.update({field: 'array[' ~ row ~ '.' ~ field ~ '::text]'}) -%}
    {%- endfor -%}
    {{ return(fields) }}
{%- endmacro %}
