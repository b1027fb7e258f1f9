"""Stripe's dashboard exports: customers, and payments with the default columns plus customer and e-mail."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from sandbox.appearances import CHOICE, DETAIL, KIND, STATUS, Appearance, Payment, appearances
from sandbox.draws import MIXED, chance, spread, token
from sandbox.exports.export import Export, blank, same
from sandbox.exports.formats import iso, point

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sandbox.people import Person, World

_STATUSES = spread((("Paid", 88), ("Refunded", 5), ("Failed", 7)))
_PREFIXES = spread((("ch_", 90), ("py_", 10)))
_TAGS = spread((("", 70), ("vip", 10), ("curso-2026", 10), ("afiliado", 10)))


class Customer(NamedTuple):
    """A customer, and the payments that went through."""

    seen: Appearance
    paid: list[Payment]


def _paid(seen: Appearance) -> Iterator[Payment]:
    return seen.payments(seen.person.country.currency.upper())


def _customers(world: World, person: Person) -> Iterator[Customer]:
    for seen in appearances(world, person, "stripe"):
        if not seen.sighting.guest:
            yield Customer(seen, [payment for payment in _paid(seen) if status(payment) != "Failed"])


def _payments(world: World, person: Person) -> Iterator[Payment]:
    for seen in appearances(world, person, "stripe"):
        yield from _paid(seen)


def status(payment: Payment) -> str:
    """Paid, Refunded or Failed."""
    return _STATUSES[payment.numbers[STATUS] % 100]


def _refunded(payment: Payment) -> int:
    return payment.cents if status(payment) == "Refunded" else 0


def fee(payment: Payment) -> int:
    """What Stripe keeps, in US cents."""
    return 0 if status(payment) == "Failed" else payment.usd_cents * 29 // 1000 + 30


def payment_id(payment: Payment) -> str:
    """The id of the charge."""
    return _PREFIXES[payment.numbers[KIND] % 100] + token(payment.drawn, 0, 24, MIXED)


CUSTOMERS: Export[Customer] = Export(
    name="stripe_customers",
    kind="stripe_customers",
    source="stripe",
    lines=_customers,
    own_id=lambda customer: customer.seen.id,
    columns=(
        ("id", lambda customer: customer.seen.id),
        ("Description", blank),
        ("Email", lambda customer: customer.seen.email),
        ("Name", lambda customer: customer.seen.full_name),
        ("Created (UTC)", lambda customer: iso(customer.seen.created)),
        ("Delinquent", lambda customer: "true" if chance(customer.seen.numbers[DETAIL], 3) else "false"),
        ("Plan", lambda customer: "membresia-mensual" if chance(customer.seen.numbers[CHOICE], 20) else ""),
        ("Status", lambda customer: "active" if chance(customer.seen.numbers[CHOICE], 20) else ""),
        ("Total Spend", lambda customer: point(sum(payment.usd_cents for payment in customer.paid))),
        ("Payment Count", lambda customer: str(len(customer.paid))),
        ("Refunded Volume", lambda customer: point(sum(map(_refunded, customer.paid)))),
        ("Dispute Losses", same("0.00")),
        ("tag (metadata)", lambda customer: _TAGS[customer.seen.numbers[DETAIL] % 100]),
        ("ghl_contact_id (metadata)", lambda customer: customer.seen.linked_id("ghl")),
    ),
)
PAYMENTS: Export[Payment] = Export(
    name="stripe_payments",
    kind="stripe_payments",
    source="stripe",
    lines=_payments,
    own_id=payment_id,
    columns=(
        ("id", payment_id),
        ("Created date (UTC)", lambda payment: iso(payment.at)),
        ("Amount", lambda payment: point(payment.cents)),
        ("Amount Refunded", lambda payment: point(_refunded(payment))),
        ("Currency", lambda payment: payment.currency.lower()),
        ("Captured", lambda payment: "false" if status(payment) == "Failed" else "true"),
        ("Converted Amount", lambda payment: point(payment.usd_cents)),
        ("Converted Amount Refunded", lambda payment: point(payment.usd_cents if _refunded(payment) else 0)),
        ("Converted Currency", same("usd")),
        ("Fee", lambda payment: point(fee(payment))),
        ("Is Link", lambda payment: "true" if payment.by.sighting.guest else "false"),
        ("Mode", same("Live")),
        ("Payment Source Type", same("card")),
        ("Status", status),
        ("Taxes On Fee", same("0.00")),
        ("Application Fee", blank),
        ("Application ID", blank),
        ("Customer ID", lambda payment: "" if payment.by.sighting.guest else payment.by.id),
        ("Customer Email", lambda payment: payment.by.email),
    ),
)
