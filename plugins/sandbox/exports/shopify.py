"""Shopify's customer export: apostrophes before ids and phones, free text with newlines in Note."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.appearances import CHOICE, DETAIL, NOTE, TAGS, Appearance, appearances
from sandbox.draws import chance, spread
from sandbox.exports.export import Export, blank, same
from sandbox.exports.formats import plain

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sandbox.people import Person, World

_NOTES = spread(
    (
        ("", 80),
        ("línea 1\nlínea 2", 6),
        ('Dijo: "llamar por la tarde"', 5),
        ("Regalo, sin factura\n\nEnviar en diciembre", 5),
        ("🎁", 4),
    )
)
_TAGS = spread((("", 60), ("vip, mx", 10), ("newsletter", 30)))


def _customers(world: World, person: Person) -> Iterator[Appearance]:
    return appearances(world, person, "shopify")


def _orders(customer: Appearance) -> list[int]:
    return [payment.cents for payment in customer.payments("USD")]


def _phone(customer: Appearance) -> str:
    phone = customer.phone
    return f"'{phone}" if phone else ""


def _consent(per_hundred: int) -> Callable[[Appearance], str]:
    return lambda customer: "yes" if chance(customer.numbers[CHOICE], per_hundred) else "no"


CUSTOMERS: Export[Appearance] = Export(
    name="shopify_customers",
    kind="shopify_customers",
    source="shopify",
    lines=_customers,
    own_id=lambda customer: customer.id,
    phone_columns=("Default Address Phone", "Phone"),
    columns=(
        ("Customer ID", lambda customer: f"'{customer.id}"),
        ("First Name", lambda customer: customer.given),
        ("Last Name", lambda customer: customer.family),
        ("Email", lambda customer: customer.email),
        ("Accepts Email Marketing", _consent(70)),
        ("Default Address Company", blank),
        ("Default Address Address1", lambda customer: f"Av. Juárez {customer.numbers[DETAIL] % 900 + 1}, 2º B"),
        ("Default Address Address2", blank),
        ("Default Address City", lambda customer: customer.person.place.city),
        ("Default Address Province Code", lambda customer: customer.person.place.state),
        ("Default Address Country Code", lambda customer: customer.person.country.code),
        ("Default Address Zip", lambda customer: f"'{customer.person.place.postal_code}"),
        ("Default Address Phone", lambda customer: _phone(customer) if chance(customer.numbers[DETAIL], 50) else ""),
        ("Phone", _phone),
        ("Accepts SMS Marketing", _consent(30)),
        ("Total Spent", lambda customer: plain(sum(_orders(customer)))),
        ("Total Orders", lambda customer: str(len(_orders(customer)))),
        ("Note", lambda customer: _NOTES[customer.numbers[NOTE] % 100]),
        ("Tax Exempt", same("no")),
        ("Tags", lambda customer: _TAGS[customer.numbers[TAGS] % 100]),
    ),
)
