"""The kinds of export we know: how to recognise one, which columns make a row's own id, what its headers mean."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


@dataclass(frozen=True)
class IdPart:
    """One column of an own id, by any of its normalised headers."""

    headers: tuple[str, ...]
    as_digits: bool = False
    """Only sign and digits count, so that `1,234.50` and `1.234,50` are the same."""


@dataclass(frozen=True)
class Kind:
    """A kind of export."""

    name: str
    own_id: tuple[IdPart, ...] = ()
    signatures: tuple[tuple[frozenset[str], frozenset[str]], ...] = ()
    """Pairs: all of the first headers and at least one of the second."""
    id_prefix: re.Pattern[str] | None = None
    """What the ids in the first column of `own_id` begin with; recognises a file whatever columns were ticked."""
    fields: Mapping[str, str | None] = field(default_factory=dict)
    """Normalised header to field, before what `fields.py` says."""
    instead: Mapping[str, str] = field(default_factory=dict)
    """Where the first of these headers is present, the second means nothing."""
    amounts: str | None = None
    """Amounts of this vendor are always written so; else it is found out for each column."""
    time_zone: str | None = None
    region: str | None = None
    """Country of phone numbers where the row names none."""


def _headers(text: str) -> frozenset[str]:
    return frozenset(filter(None, map(str.strip, text.split(","))))


_ID = (IdPart(("id",)),)
_TRANSACTION = (
    "transaction id",
    "id de transaccion",
    "identificador de transaccion",
    "id da transacao",
    "codigo da transacao",
)
_PAYPAL = _headers("gross, bruto")
_PAYPAL_REST = _headers("fee, comision, tarifa, taxa, net, neto, liquido, balance, saldo")

KINDS: tuple[Kind, ...] = (
    Kind(
        "stripe_customers",
        own_id=_ID,
        signatures=(
            (
                _headers("id, email"),
                _headers("delinquent, total spend, payment count, refunded volume, dispute losses, default source"),
            ),
        ),
        id_prefix=re.compile(r"cus_[A-Za-z0-9]+"),
        fields={"id": "stripe_customer_id", "total spend": "amount", "plan": None},
        amounts="point",
        time_zone="UTC",
    ),
    Kind(
        "stripe_payments",
        own_id=_ID,
        signatures=(
            (
                _headers("id, amount"),
                _headers(
                    "captured, amount refunded, converted amount, seller message, statement descriptor, card id,"
                    "is link, payment source type, paymentintent id, customer email, card last4"
                ),
            ),
        ),
        id_prefix=re.compile(r"(?:ch|py|pi)_[A-Za-z0-9]+"),
        fields={"customer id": "stripe_customer_id", "customer description": None},
        amounts="point",
        time_zone="UTC",
    ),
    Kind(
        "stripe_balance",
        own_id=_ID,
        signatures=(
            (_headers("id, type, source, amount, fee, net"), _headers("available on utc, available on, currency")),
        ),
        id_prefix=re.compile(r"txn_[A-Za-z0-9]+"),
        amounts="point",
        time_zone="UTC",
    ),
    Kind(
        "stripe_payouts",
        own_id=_ID,
        signatures=((_headers("id, amount"), _headers("arrival date utc, arrival date")),),
        id_prefix=re.compile(r"po_[A-Za-z0-9]+"),
        amounts="point",
        time_zone="UTC",
    ),
    Kind(
        "paypal_activity",
        own_id=(
            IdPart(_TRANSACTION),
            IdPart(("currency", "divisa", "moneda", "moeda")),
            IdPart(("gross", "bruto"), as_digits=True),
        ),
        signatures=tuple(
            (frozenset({transaction, gross}), _PAYPAL_REST) for transaction in _TRANSACTION for gross in sorted(_PAYPAL)
        ),
        fields={
            **dict.fromkeys(_TRANSACTION, "source_id"),
            **dict.fromkeys(("from email address", "remitente", "correo electronico del remitente"), "payer_email"),
            **dict.fromkeys(("de e mail", "e mail do remetente", "endereco de e mail do remetente"), "payer_email"),
            **dict.fromkeys(
                ("to email address", "destinatario", "correo electronico del destinatario"), "receiver_email"
            ),
            **dict.fromkeys(("name", "nombre", "nome"), "full_name"),
            "estado": "status",
            "subject": "description",
            "asunto": "description",
        },
        instead={"country code": "country"},
    ),
    Kind(
        "ghl_contacts",
        own_id=(IdPart(("contact id",)),),
        signatures=(
            (
                frozenset({"contact id"}),
                _headers(
                    "first name, last name, phone, email, created, last activity, tags, opportunities, business name"
                ),
            ),
        ),
        fields={"contact id": "ghl_contact_id"},
    ),
    Kind(
        "manychat_subscribers",
        own_id=(IdPart(("subscriber id", "manychat subscriber id", "id de suscriptor", "id do assinante")),),
        signatures=(
            (
                frozenset(),
                _headers("subscriber id, manychat subscriber id, id de suscriptor, id do assinante"),
            ),
        ),
        fields={"id de suscriptor": "manychat_subscriber_id", "id do assinante": "manychat_subscriber_id"},
    ),
    Kind(
        "shopify_customers",
        own_id=(IdPart(("customer id",)),),
        signatures=(
            (
                frozenset({"customer id"}),
                _headers(
                    "accepts email marketing, accepts marketing, accepts sms marketing, total spent, total orders,"
                    "tax exempt"
                ),
            ),
        ),
        fields={"customer id": "customer_id"},
    ),
    Kind(
        "hotmart_sales",
        own_id=(
            IdPart(("transacao",)),
            IdPart(("numero da parcela",)),
            IdPart(("recorrencia",)),
        ),
        signatures=(
            (
                frozenset({"transacao"}),
                _headers("nome do produto, nome do produtor, produto, numero da parcela, chave, codigo do produto"),
            ),
            (frozenset({"data da transacao"}), _headers("produtor a, produto, venda feita como")),
        ),
        fields={
            "transacao": "source_id",
            "data de venda": "created_at",
            "data da transacao": "created_at",
            "preco da oferta": "amount",
            "estado": "state",
            "nome": "full_name",
            "valor": None,
            "data de confirmacao": "updated_at",
            "moeda 2": "currency",
        },
        instead={"moeda 2": "moeda"},
        region="BR",
    ),
)
KIND_OF_NAME = {kind.name: kind for kind in KINDS}


@dataclass(frozen=True)
class Recognised:
    """The kind of a file, and why."""

    kind: Kind
    why: str


def recognise(headers: list[str], first_rows: Iterable[list[str]], wanted: str | None = None) -> Recognised:
    """Return the kind of a file from its normalised headers and its first rows, or the one that the user names."""
    if wanted is not None:
        return Recognised(KIND_OF_NAME.get(wanted, Kind(wanted)), "the setting `kind`")
    present = frozenset(headers)
    for kind in KINDS:
        if kind.id_prefix is not None and "id" in present:
            ids = [row[headers.index("id")].strip() for row in first_rows]
            if ids and all(map(kind.id_prefix.fullmatch, ids)):
                return Recognised(kind, f"ids that begin with {ids[0].split('_')[0]}_")
    for kind in KINDS:
        for needed, some in kind.signatures:
            if needed <= present and some & present:
                seen = [header for header in headers if header in needed | some]
                return Recognised(kind, f"the headers {', '.join(seen[:4])}")
    signature = hashlib.sha256("\n".join(sorted(headers)).encode()).hexdigest()[:8]
    return Recognised(Kind(f"other_{signature}"), "headers of no kind we know")
