"""Which rows of which raw streams a world of people has: how many, whose, and in which columns a file tells them."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

_PARTS = re.split(r"^-- name: (\w+)\n", Path(__file__).with_name("people.sql").read_text("utf-8"), flags=re.MULTILINE)
SQL = dict(zip(_PARTS[1::2], _PARTS[2::2], strict=True))
"""The statements and expressions of `people.sql` by name."""


@dataclass(frozen=True)
class Rows:
    """Rows of one stream.

    Attributes:
        table: where they are staged.
        name: the expression of their `record` in `people.sql`; for CSV files also the kind of file.
        share: their part of all records of the world.
        person: the number of the person whose row the n-th is.
        id: the row's own id.
        has_email: how many of a hundred have an e-mail.
        has_phone: how many of a hundred have a phone.
        mapping: of a CSV file, the columns that mean something.
        formats: of a CSV file, how dates and amounts are written.
    """

    table: str
    name: str
    share: float
    person: str
    id: str
    has_email: int
    has_phone: int
    mapping: dict[str, str] = field(default_factory=dict)
    formats: dict[str, dict[str, str]] = field(default_factory=dict)

    @property
    def is_file(self) -> bool:
        """Whether they came in a CSV file."""
        return bool(self.mapping)


_CSV = "staging_csv.imports"
_AT_UTC = {"date": "ymd", "time_zone": "UTC"}
_ANYBODY = "bench.draw(n, {salt} + 4, {people})"
_PAYER = "(bench.draw(n, {salt} + 4, {people} / {payer_step} + 1) * {payer_step} + 1) % {people}"
_CROWD = "({people} * power(bench.draw(n, {salt} + 5, 1000000) / 1000000.0, 2))::bigint % {people}"
"""A few people are in the lists again and again: the square makes low numbers common."""

CONTACTS = Rows(
    "staging_ghl.contacts",
    "contact",
    share=0.27,
    person=f"case when bench.draw(n, {{salt}}, 100) < 96 then n % {{people}} else {_ANYBODY} end",
    id="left(md5('contact' || n), 20)",
    has_email=80,
    has_phone=85,
)
SUBSCRIBERS = Rows(
    "staging_manychat.subscribers",
    "subscriber",
    share=0.056,
    person="n * {chat_step} % {people}",
    id="subscriber_id",
    has_email=35,
    has_phone=65,
)
CONTACT_EXPORT = Rows(
    _CSV,
    "ghl_contacts",
    share=0.0617,
    person="n * 3 % {people}",
    id="left(md5('contact' || n * 3), 20)",
    has_email=80,
    has_phone=80,
    mapping={
        "Contact Id": "ghl_contact_id",
        "First Name": "first_name",
        "Last Name": "last_name",
        "Phone": "phone",
        "Email": "email",
        "Created": "created_at",
        "Country": "country",
        "Tags": "tags",
        "Stripe Customer ID": "stripe_customer_id",
        "ManyChat ID": "manychat_subscriber_id",
    },
    formats={"Created": _AT_UTC},
)
STRIPE_EXPORT = Rows(
    _CSV,
    "stripe_payments",
    share=0.2,
    person=_CROWD,
    id="'ch_' || md5('charge' || n)",
    has_email=96,
    has_phone=0,
    mapping={
        "Created date (UTC)": "created_at",
        "Amount": "amount",
        "Currency": "currency",
        "Status": "status",
        "Customer ID": "stripe_customer_id",
        "Customer Email": "email",
    },
    formats={"Created date (UTC)": _AT_UTC, "Amount": {"amount": "point"}},
)
HOTMART_EXPORT = Rows(
    _CSV,
    "hotmart_sales",
    share=0.23,
    person=_CROWD,
    id="'HP' || (10000000000 + n)",
    has_email=98,
    has_phone=20,
    mapping={
        "Data de Venda": "created_at",
        "Preço do Produto": "amount",
        "Moeda": "currency",
        "Status": "status",
        "Nome": "full_name",
        "Email": "email",
        "Telefone": "phone",
        "País": "country",
    },
    formats={
        "Data de Venda": {"date": "dmy", "time_zone": "America/Sao_Paulo"},
        "Preço do Produto": {"amount": "comma"},
    },
)
SHOPIFY_EXPORT = Rows(
    _CSV,
    "shopify_customers",
    share=0.17,
    person=_CROWD,
    id="(7000000000000 + n)::text",
    has_email=75,
    has_phone=45,
    mapping={
        "First Name": "first_name",
        "Last Name": "last_name",
        "Email": "email",
        "Phone": "phone",
        "Accepts Email Marketing": "consent_email",
        "Accepts SMS Marketing": "consent_sms",
        "Default Address Country Code": "country",
        "Tags": "tags",
    },
)
CUSTOMERS = Rows(
    "staging_stripe.customers",
    "customer",
    share=0.003,
    person="(n * {payer_step} + 1) % {people}",
    id="customer_id",
    has_email=97,
    has_phone=20,
)
CHARGES = Rows(
    "staging_stripe.charges",
    "charge",
    share=0.005,
    person=f"case when bench.draw(n, {{salt}}, 100) < 60 then {_PAYER} else {_ANYBODY} end",
    id="'ch_' || left(md5('stripe' || n), 24)",
    has_email=95,
    has_phone=10,
)
TRANSACTIONS = Rows(
    "staging_paypal.transactions",
    "transaction",
    share=0.0043,
    person=_CROWD,
    id="upper(left(md5('paypal' || n), 17)) || ':T0006:' || to_char(moment, 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"')",
    has_email=100,
    has_phone=0,
)
STREAMS = (
    CONTACTS,
    SUBSCRIBERS,
    CONTACT_EXPORT,
    STRIPE_EXPORT,
    HOTMART_EXPORT,
    SHOPIFY_EXPORT,
    CUSTOMERS,
    CHARGES,
    TRANSACTIONS,
)
