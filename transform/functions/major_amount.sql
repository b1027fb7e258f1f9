select round(minor / (10::numeric ^ coalesce(decimals, 2)), coalesce(decimals, 2))
