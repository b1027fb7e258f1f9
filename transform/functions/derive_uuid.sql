declare
    digest bytea := substring(sha256(convert_to(value, 'UTF8')) from 1 for 16);
begin
    digest := set_byte(digest, 6, (get_byte(digest, 6) & 15) | 128);
    digest := set_byte(digest, 8, (get_byte(digest, 8) & 63) | 128);
    return encode(digest, 'hex')::uuid;
end
