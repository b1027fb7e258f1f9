select
    (step::bigint << 58)
    | (hashtextextended(business || e'\x1f' || value, 0) & 288230376151711743)
