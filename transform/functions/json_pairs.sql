select case
    when listed in ('[]', '{}') then null
    when jsonb_typeof(listed) = 'object' then listed
    when jsonb_typeof(listed) = 'array' then (
        select
            jsonb_object_agg(
                items.item ->> key,
                coalesce(items.item -> 'value', items.item -> 'fieldValue', items.item -> 'fieldValueString', items.item -> 'fieldValueArray')
            )
        from jsonb_array_elements(listed) as items (item)
        where items.item ->> key is not null
    )
end
