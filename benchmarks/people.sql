-- The people of a world and the rows in which sources tell of them. `people_rows.py` fills in the braces of the first
-- two and puts an expression of its own for `own_key`.

-- name: people
create schema if not exists bench;
create or replace function bench.draw(number bigint, salt bigint, below bigint) returns bigint
language sql immutable parallel safe return (hashint8extended(number, salt) & 4294967295) % below;

create or replace function bench.filler(n bigint, place integer) returns jsonb
language sql immutable parallel safe return jsonb_build_object(
    'id', left(md5('field' || place), 20),
    'value',
    (array['sí', 'no', 'Instagram', 'Facebook Ads', 'Curso de verano', 'México', '2024-05-17'])[1 + (n + place) % 7]
);

drop table if exists bench.world, bench.people;
create table bench.world as select {records}::bigint as records, {seed}::bigint as seed;
create table bench.people as
with names as (
    select
        string_to_array(
            'Ana Luis María José Sofía Juan Lucía Pedro Elena Diego Carmen Raúl Julia Iván Rosa Hugo Inés Óscar Paula Tomás',
            ' '
        ) as given,
        string_to_array(
            'García López Pérez Ruiz Silva Castro Núñez Díaz Torres Vega Ríos Mora Peña León Soto Cruz Reyes Luna Ortiz Gil',
            ' '
        ) as family
), drawn as (
    select
        person,
        names.given[1 + bench.draw(person, {seed} + 1, 20)] as given,
        names.family[1 + bench.draw(person, {seed} + 2, 20)] || ' '
        || names.family[1 + bench.draw(person, {seed} + 3, 20)] as family,
        case
            when bench.draw(person, {seed} + 4, 100) < 15
                then greatest(0, person - 1 - bench.draw(person, {seed} + 5, 3))
            else person
        end as home
    from generate_series(0, {people}::bigint - 1) as person
    cross join names
), addressed as (
    select
        *,
        translate(lower(given || '.' || replace(family, ' ', '')), 'áéíóúñ', 'aeioun') || person as mailbox
    from drawn
)
select
    person,
    given,
    family,
    mailbox || '@'
    || (array['gmail.com', 'hotmail.com', 'outlook.com', 'correo.mx'])[1 + bench.draw(person, {seed} + 6, 4)] as email,
    case
        when bench.draw(person, {seed} + 7, 100) < 10 then mailbox || '@empresa' || person % 997 || '.com'
    end as email2,
    case
        when bench.draw(person, {seed} + 8, 1000) < 4
            then '+5233' || lpad(bench.draw(person, {seed} + 9, {shops})::text, 8, '0')
        else '+5255' || lpad((home * 7919 % 100000000)::text, 8, '0')
    end as phone,
    left(md5('contact' || person), 20) as contact_id,
    case when person % {chat_step} = 0 then (100000000 + person)::text end as subscriber_id,
    case when person % {payer_step} = 1 then 'cus_' || left(md5('customer' || person), 14) end as customer_id
from addressed;
create unique index on bench.people (person);
analyze bench.people;

-- name: rows
insert into {table} (
    account, id, created_at, updated_at, record, phones, origin, _first_loaded_at, _loaded_at, _run_id, _batch_id
)
with drawn as (
    select
        n,
        {first_batch} + (n - {first}) / {batch_rows} as batch_id,
        {person} as person,
        bench.draw(n, {salt} + 1, 100) as luck,
        bench.draw(n, {salt} + 2, 100) as chance,
        timestamptz '2023-01-01 00:00:00+00' + make_interval(secs => bench.draw(n, {salt} + 3, 100000000)) as moment
    from generate_series({first}::bigint, {last}::bigint - 1) as n
), seen as (
    select
        drawn.*,
        people.given,
        people.family,
        people.given || ' ' || people.family as full_name,
        case when chance < 40 then coalesce(people.email2, people.email) else people.email end as address,
        people.email2,
        people.phone as number,
        people.contact_id,
        people.subscriber_id,
        people.customer_id
    from drawn
    inner join bench.people as people on drawn.person = people.person
), told as (
    select
        *,
        case
            when luck >= {has_email} then ''
            when chance % 10 = 7 then upper(address)
            else address
        end as email,
        case when 100 - luck <= {has_phone} then number end as phone
    from seen
)
select
    'main',
    {id},
    {created},
    {updated},
    {record},
    to_jsonb(array_remove(array[phone], null)),
    {origin},
    timestamptz '2026-05-01 00:00:00+00' + make_interval(secs => batch_id),
    timestamptz '2026-05-01 00:00:00+00' + make_interval(secs => batch_id),
    '{run_id}',
    batch_id
from told
where {id} is not null
on conflict do nothing

-- name: contact
jsonb_build_object(
    'id', left(md5('contact' || n), 20), 'locationId', 'loc_bench', 'contactName', lower(full_name),
    'firstName', given, 'lastName', family, 'email', nullif(email, ''), 'phone', phone, 'type', 'lead',
    'country', 'MX', 'dnd', false, 'source', 'Formulario web',
    'additionalEmails',
        case when email2 is not null and chance % 2 = 0 then
            jsonb_build_array(jsonb_build_object('email', email2))
        else '[]' end,
    'tags', jsonb_build_array('cliente', 'curso-2026', 'newsletter-' || n % 12), 'dateAdded', moment,
    'dateUpdated', moment,
    'customFields',
        jsonb_build_array(
            bench.filler(n, 0), bench.filler(n, 1), bench.filler(n, 2),
            bench.filler(n, 3), bench.filler(n, 4), bench.filler(n, 5)
        )
        || case when customer_id is not null and chance < 50 then
            jsonb_build_array(jsonb_build_object('id', 'cf_stripe', 'value', customer_id))
        else '[]' end
        || case when subscriber_id is not null and chance >= 60 then
            jsonb_build_array(jsonb_build_object('id', 'cf_manychat', 'value', subscriber_id))
        else '[]' end,
    'dndSettings', jsonb_build_object(
        'Email', jsonb_build_object(
            'status', case when luck = 5 then 'active' else 'inactive' end, 'message', '', 'code', ''
        )
    ),
    'attributions', jsonb_build_array(
        jsonb_build_object(
            'utmSessionSource', 'Social media', 'isFirst', true, 'medium', 'form', 'mediumId', md5(n::text)
        )
    )
)

-- name: subscriber
jsonb_build_object(
    'id', subscriber_id, 'page_id', '1234567', 'status', 'active', 'first_name', given,
    'last_name', split_part(family, ' ', 1), 'name', given || ' ' || split_part(family, ' ', 1), 'gender', 'female',
    'profile_pic', 'https://cdn.example.com/pictures/' || md5(n::text) || '/' || md5(person::text) || '.jpg',
    'locale', 'es_LA', 'language', 'Spanish', 'timezone', 'UTC-06',
    'live_chat_url', 'https://chat.example.com/1234567/chat/' || subscriber_id,
    'last_input_text', 'Hola, quiero más información del curso', 'optin_phone', phone is not null, 'phone', phone,
    'optin_email', email <> '', 'email', nullif(email, ''), 'subscribed', moment, 'last_interaction', moment,
    'ig_username', null, 'whatsapp_phone', phone, 'optin_whatsapp', phone is not null,
    'custom_fields', jsonb_build_array(
        jsonb_build_object(
            'id', 11, 'name', 'ghl_contact_id', 'type', 'text', 'value', case when chance < 30 then contact_id end
        ),
        jsonb_build_object('id', 12, 'name', 'curso', 'type', 'text', 'value', 'Curso de verano')
    ),
    'tags', jsonb_build_array(
        jsonb_build_object('id', 21, 'name', 'interesado'),
        jsonb_build_object('id', 22, 'name', 'instagram')
    )
)

-- name: ghl_contacts
jsonb_build_object(
    'Contact Id', own_key, 'First Name', given, 'Last Name', family, 'Phone', coalesce(phone, ''), 'Email', email,
    'Created', to_char(moment, 'YYYY-MM-DD"T"HH24:MI:SS"Z"'),
    'Last Activity', to_char(moment, 'Mon DD YYYY HH12:MI AM'), 'Tags', 'cliente, curso-2026', 'Country', 'MX',
    'Opportunities', '', 'Business Name', '', 'DND', 'false', 'Stripe Customer ID', '', 'ManyChat ID', '',
    'Notas', 'Importado del sistema anterior; pidió informes del curso de verano y no contestó la segunda llamada'
)

-- name: stripe_payments
jsonb_build_object(
    'id', own_key, 'Created date (UTC)', to_char(moment, 'YYYY-MM-DD HH24:MI:SS'), 'Amount', (10 + luck) || '.00',
    'Amount Refunded', '0.00', 'Currency', 'mxn', 'Captured', 'true', 'Converted Amount', '1.10',
    'Converted Amount Refunded', '0.00', 'Converted Currency', 'usd', 'Fee', '0.33', 'Is Link', 'false',
    'Mode', 'Live', 'Payment Source Type', 'card', 'Status', 'Paid', 'Taxes On Fee', '0.00', 'Application Fee', '',
    'Application ID', '', 'Customer ID', coalesce(customer_id, ''), 'Customer Email', email,
    'Description', 'Membresía mensual de la academia'
)

-- name: hotmart_sales
jsonb_build_object(
    'Nome do Produto', 'Curso de verão', 'Nome do Produtor', 'Academia Ñandú', 'Documento do Produtor', '',
    'Nome do Afiliado', '', 'Transação', own_key, 'Meio de Pagamento', 'Cartão de Crédito', 'Origem', '',
    'Moeda', 'BRL', 'Preço do Produto', (10 + luck) || ',00', 'Preço da Oferta', (10 + luck) || ',00',
    'Taxa de Câmbio', '1,00', 'Data de Venda', to_char(moment, 'DD/MM/YYYY HH24:MI:SS'), 'Status', 'Completo',
    'Nome', case when chance % 7 = 0 then upper(full_name) else full_name end, 'Email', email,
    'Telefone', coalesce(phone, ''), 'País', 'Brasil', 'Código', md5(n::text)
)

-- name: shopify_customers
jsonb_build_object(
    'Customer ID', own_key, 'First Name', given, 'Last Name', split_part(family, ' ', 1), 'Email', email,
    'Accepts Email Marketing', 'yes', 'Default Address Company', '',
    'Default Address Address1', 'Calle ' || split_part(family, ' ', 2) || ' ' || luck,
    'Default Address Address2', '', 'Default Address City', 'Guadalajara', 'Default Address Province Code', 'JAL',
    'Default Address Country Code', 'MX', 'Default Address Zip', '44100', 'Default Address Phone', '',
    'Phone', coalesce(phone, ''), 'Accepts SMS Marketing', 'no', 'Total Spent', luck || '.50',
    'Total Orders', luck % 9, 'Note', '', 'Tax Exempt', 'no', 'Tags', 'tienda'
)

-- name: customer
jsonb_build_object(
    'id', customer_id, 'object', 'customer', 'name', full_name, 'email', nullif(email, ''), 'phone', phone,
    'currency', 'mxn', 'balance', 0, 'created', extract(epoch from moment)::bigint, 'delinquent', false,
    'livemode', true, 'description', null, 'address', jsonb_build_object('country', 'MX', 'city', 'Guadalajara'),
    'metadata', case when chance < 40 then jsonb_build_object('ghl_contact_id', contact_id) else '{}' end,
    'invoice_prefix', left(md5(n::text), 8),
    'invoice_settings', jsonb_build_object('footer', null, 'custom_fields', null),
    'preferred_locales', jsonb_build_array('es-419')
)

-- name: charge
jsonb_build_object(
    'id', own_key, 'object', 'charge', 'amount', 1000 + luck * 100, 'amount_captured', 1000 + luck * 100,
    'amount_refunded', 0, 'currency', 'mxn', 'customer', customer_id, 'status', 'succeeded', 'paid', true,
    'captured', true, 'refunded', false, 'disputed', false, 'livemode', true,
    'created', extract(epoch from moment)::bigint,
    'billing_details', jsonb_build_object(
        'name', full_name, 'email', nullif(email, ''), 'phone', phone,
        'address', jsonb_build_object('country', 'MX')
    ),
    'receipt_email', nullif(email, ''), 'metadata', '{}'::jsonb, 'description', 'Membresía mensual de la academia',
    'payment_intent', 'pi_' || md5(n::text),
    'payment_method_details', jsonb_build_object(
        'type', 'card',
        'card', jsonb_build_object('brand', 'visa', 'last4', '4242', 'fingerprint', left(md5(person::text), 16))
    )
)

-- name: transaction
jsonb_build_object(
    'transaction_info',
        jsonb_build_object(
            'transaction_id', own_key, 'transaction_event_code', 'T0006', 'transaction_initiation_date', moment,
            'transaction_updated_date', moment,
            'transaction_amount', jsonb_build_object('currency_code', 'MXN', 'value', (10 + luck) || '.00'),
            'fee_amount', jsonb_build_object('currency_code', 'MXN', 'value', '-1.10'), 'transaction_status', 'S',
            'transaction_subject', 'Curso de verano'
        ),
    'payer_info',
        jsonb_build_object(
            'account_id', upper(left(md5('payer' || person), 13)), 'email_address', nullif(email, ''),
            'country_code', 'MX', 'payer_status', 'Y',
            'payer_name',
                jsonb_build_object('given_name', given, 'surname', family, 'alternate_full_name', full_name)
        ),
    'shipping_info', jsonb_build_object('name', full_name), 'cart_info', '{}'::jsonb
)
