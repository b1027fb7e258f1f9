"""What headers mean: field to the normalised headers that say it, in English, Spanish and Portuguese."""

from __future__ import annotations

HEADERS_OF_FIELD: dict[str, tuple[str, ...]] = {
    "email": (
        "email", "e mail", "email address", "e mail address", "mail", "customer email", "contact email",
        "primary email", "correo", "correo electronico", "direccion de correo electronico", "correo e",
        "email del cliente", "correo del cliente", "endereco de email", "endereco de e mail", "email do cliente",
        "email do comprador", "e mail do comprador",
    ),
    "phone": (
        "phone", "phone number", "telephone", "telephone number", "tel", "mobile", "mobile phone", "mobile number",
        "cell", "cell phone", "cellphone", "contact phone", "contact phone number", "customer phone", "phonenumber",
        "whatsapp", "whatsapp phone", "whatsapp number", "whatsapp id", "default address phone", "telefono",
        "numero de telefono", "numero de telefono de contacto", "telefono movil", "telefono celular", "movil",
        "celular", "telefone", "numero de telefone", "telefone celular", "fone",
    ),
    "phone_area": ("ddd", "area code", "codigo de area"),
    "full_name": (
        "name", "full name", "fullname", "customer name", "contact name", "nombre completo", "nombre y apellidos",
        "nombre y apellido", "nombre del cliente", "nome completo", "nome do cliente", "nome do comprador", "cliente",
    ),
    "first_name": (
        "first name", "firstname", "given name", "forename", "primer nombre", "nombres", "nombre de pila",
        "primeiro nome",
    ),
    "last_name": (
        "last name", "lastname", "surname", "family name", "apellido", "apellidos", "apellido paterno", "sobrenome",
        "ultimo nome",
    ),
    "created_at": (
        "created", "created utc", "created at", "created date", "created date utc", "created on", "date created",
        "creation date", "signup date", "date added", "date", "fecha", "fecha de creacion", "fecha de alta",
        "fecha de registro", "creado", "creado el", "data", "data de criacao", "data de cadastro", "criado em",
    ),
    "created_time": ("time", "hora"),
    "created_zone": ("timezone", "time zone", "zona horaria", "fuso horario"),
    "updated_at": (
        "updated", "updated utc", "updated at", "last updated", "last modified", "modified", "date updated",
        "fecha de actualizacion", "actualizado", "actualizado el", "fecha de modificacion", "data de atualizacao",
        "atualizado em",
    ),
    "amount": (
        "amount", "gross", "total", "price", "total spend", "total spent", "importe", "monto", "bruto", "precio",
        "valor", "preco", "valor bruto", "importe bruto",
    ),
    "fee": ("fee", "fees", "tarifa", "comision", "comisiones", "taxa", "tarifas"),
    "net": ("net", "neto", "importe neto", "liquido", "valor liquido"),
    "currency": ("currency", "currency code", "divisa", "moneda", "moeda"),
    "status": ("status", "estatus", "situacao"),
    "type": ("type", "transaction type", "tipo", "tipo de transaccion", "tipo de transacao"),
    "balance_impact": ("balance impact", "impacto en el saldo", "efecto en el saldo", "impacto no saldo"),
    "description": ("description", "descripcion", "descricao"),
    "product": ("product", "product name", "item title", "producto", "produto", "nome do produto"),
    "consent_email": ("accepts email marketing", "accepts marketing", "email marketing consent", "opted in for email"),
    "consent_sms": ("accepts sms marketing", "sms marketing consent", "opted in for sms"),
    "consent_whatsapp": ("accepts whatsapp marketing", "opted in for whatsapp"),
    "tags": ("tags", "tag", "labels", "etiquetas", "etiqueta"),
    "company": (
        "company", "company name", "business name", "organization", "default address company", "empresa",
        "nombre de la empresa", "razon social", "compania",
    ),
    "address": (
        "address", "address 1", "address1", "address line 1", "street", "street address", "default address address1",
        "direccion", "domicilio", "calle", "endereco",
    ),
    "city": ("city", "town city", "suburb", "default address city", "ciudad", "localidad", "cidade"),
    "state": (
        "state", "province", "province code", "region", "default address province code", "provincia",
        "state province region county territory prefecture republic",
    ),
    "postal_code": (
        "zip", "zip code", "zipcode", "postal code", "postcode", "zip postal code", "default address zip",
        "codigo postal", "cp", "cep",
    ),
    "country": ("country", "country code", "default address country code", "default address country", "pais"),
    "stripe_customer_id": ("stripe customer id", "stripe customer", "stripe id", "customer stripe id"),
    "ghl_contact_id": ("ghl contact id", "ghl id", "gohighlevel contact id", "gohighlevel id", "highlevel contact id"),
    "manychat_subscriber_id": ("manychat subscriber id", "manychat id", "subscriber id"),
    "source_id": ("id", "source id"),
    "tax_id": (
        "tax id", "vat number", "vat id", "rfc", "nif", "nie", "cif", "dni", "cuit", "cpf", "cnpj", "cpf cnpj",
        "documento",
    ),
    "note": ("note", "notes", "nota", "notas", "observaciones", "comentarios", "observacoes"),
}  # fmt: skip
FIELDS = frozenset(HEADERS_OF_FIELD) | {"customer_id", "payer_email", "receiver_email"}
FIELD_OF_HEADER = {header: field for field, headers in HEADERS_OF_FIELD.items() for header in headers}
FIRST_NAME_BESIDE_LAST = frozenset({"name", "nombre", "nome"})
"""The whole name, unless the file has a column for the last name too."""
NAME_ALONE = frozenset({"nombre", "nome"})
METADATA = " metadata"
"""How the header of a Stripe metadata column ends, normalised."""
METADATA_FIELDS = frozenset(
    {"email", "phone", "stripe_customer_id", "ghl_contact_id", "manychat_subscriber_id", "tax_id"}
)
"""What a metadata column may mean; `name` or `status` in metadata could be anybody's."""
AMOUNTS = frozenset({"amount", "fee", "net"})
DATES = frozenset({"created_at", "updated_at"})
IDENTIFIERS = frozenset({"source_id", "customer_id", "stripe_customer_id", "ghl_contact_id", "manychat_subscriber_id"})
