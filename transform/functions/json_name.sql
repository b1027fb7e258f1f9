select {{ function('clean_text') }}(
    coalesce(
        nullif(concat_ws(' ', value ->> 'given_name', value ->> 'surname'), ''),
        value ->> 'alternate_full_name',
        value ->> 'full_name'
    )
)
