select case
    when jsonb_typeof(value) = 'array' then array(select items.item from jsonb_array_elements_text(value) as items (item) where items.item is not null)
end
