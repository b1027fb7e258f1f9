select case
    when lower(btrim(value)) in ('yes', 'y', 'true', 't', '1', 'si', 'sí', 'sim', 's', 'verdadero', 'verdadeiro', 'subscribed') then true
    when lower(btrim(value)) in ('no', 'n', 'false', 'f', '0', 'não', 'nao', 'falso', 'unsubscribed') then false
end
