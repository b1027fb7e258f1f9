select case jsonb_typeof(listed)
    when 'object' then nullif(listed, '{}')
    when 'array' then (
        select
            jsonb_object_agg(
                items.item ->> key,
                coalesce(items.item -> 'value', items.item -> 'fieldValue', items.item -> 'fieldValueString', items.item -> 'fieldValueArray')
            )
        from jsonb_array_elements(listed) as items (item)
        where items.item ->> key is not null
    )
end
