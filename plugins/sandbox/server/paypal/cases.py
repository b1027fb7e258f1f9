"""How invoices, disputes and the catalogue follow from the account's payments."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.appearances import PRODUCTS, RATES
from sandbox.draws import digest
from sandbox.server.paypal.facts import Dispute, Invoice, Plan, Product, new_id
from sandbox.server.paypal.switches import DAY

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sandbox.server.paypal.facts import Payer, Row

CURRENCIES = ("USD", "MXN", "EUR", "BRL")
REASONS = ("MERCHANDISE_OR_SERVICE_NOT_RECEIVED", "UNAUTHORISED", "CREDIT_NOT_PROCESSED", "DUPLICATE_TRANSACTION")
KEPT = 180 * DAY
"""How long the list of disputes looks back."""
_QUIET = 60 * DAY
_EDITIONS = ("", " (2025)", " (2024)", " (2023)")
_OPEN_FOR = 25 * DAY


def plan_id(product: str, currency: str) -> str:
    """Give the id of a product's plan in a currency."""
    return f"P-{new_id(f'plan:{product}:{currency}', 24)}"


def products(opened: int) -> Iterator[Product]:
    """Yield what is on sale, and its older editions: more than one page of them."""
    for age, edition in enumerate(_EDITIONS):
        for place, (name, _cents) in enumerate(PRODUCTS):
            created = opened + (len(_EDITIONS) - age) * DAY + place
            identity = f"PROD-{new_id(f'product:{name}{edition}')}"
            yield Product(identity, name + edition, f"{name}{edition}", created, created)


def plans(on_sale: list[Product]) -> Iterator[Plan]:
    """Yield a monthly plan for each product and currency."""
    by_name = {product.name: product for product in on_sale}
    for name, usd_cents in PRODUCTS:
        for place, currency in enumerate(CURRENCIES):
            created = by_name[name].created + 60 * (1 + place)
            cents = usd_cents * RATES[currency] // 100
            yield Plan(plan_id(name, currency), by_name[name], currency, cents, created, created)


def invoice(about: str, by: Payer, product: str, currency: str, cents: int, at: int, status: str) -> Invoice:
    """Make an invoice."""
    letters = new_id(f"invoice:{about}", 16)
    identity = f"INV2-{letters[:4]}-{letters[4:8]}-{letters[8:12]}-{letters[12:]}"
    return Invoice(identity, f"F-{letters[:8]}", by, product, currency, cents, at, at, status)


def paid(payment: Row, by: Payer) -> Invoice:
    """Make the invoice that a payment has paid, and let the payment name it."""
    made = invoice(payment.id, by, payment.product, payment.currency, payment.cents, payment.at - 2 * DAY, "PAID")
    pay(made, payment)
    return made


def pay(bill: Invoice, payment: Row) -> None:
    """Let a payment pay a bill."""
    bill.payment, bill.updated = payment, payment.at
    bill.status = "PAID" if payment.status == "S" else "REFUNDED" if payment.status == "V" else "PAYMENT_PENDING"
    payment.invoice = bill.number


def dispute(payment: Row, at: int) -> Dispute:
    """Open a case about a payment."""
    drawn = int.from_bytes(digest(f"dispute:{payment.id}")[:6])
    return Dispute(f"PP-D-{drawn % 10**9}", payment, at, at, REASONS[drawn % len(REASONS)])


def settle(case: Dispute, at: int, outcome: str) -> None:
    """Close a case."""
    case.status, case.outcome, case.updated = "RESOLVED", outcome, at


def old_dispute(payment: Row, at: int, now: int) -> Dispute | None:
    """Give the case of a chargeback before the world's present.

    None lies where the list's 180 days would pass over it within the next months, so that what could be read once
    can be read on every later day of a test.
    """
    case = dispute(payment, at)
    if at + _OPEN_FOR < now:
        settle(case, at + _OPEN_FOR, "RESOLVED_BUYER_FAVOUR")
    return None if now - KEPT <= case.updated < now - KEPT + 2 * _QUIET else case
