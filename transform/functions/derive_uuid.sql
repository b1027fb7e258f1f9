select (
    substr(digest.hex, 1, 12)
    || '8' || substr(digest.hex, 14, 3)
    || translate(substr(digest.hex, 17, 1), '0123456789abcdef', '89ab89ab89ab89ab') || substr(digest.hex, 18, 15)
)::uuid
from (select encode(sha256(convert_to(value, 'UTF8')), 'hex') as hex) as digest
