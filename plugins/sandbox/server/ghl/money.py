"""Transactions, subscriptions and invoices; where the person pays with Stripe, they are Stripe's charges."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sandbox.appearances import CHOICE, PRODUCTS, appearances
from sandbox.cases import PLAIN
from sandbox.draws import chance
from sandbox.exports import stripe
from sandbox.server.ghl import contacts
from sandbox.server.ghl.facts import DAY, SECOND, Contact, Invoice, Member, Payment, date, hex_id, iso, new_id
from sandbox.server.ghl.setup import NAMES
from sandbox.server.stripe.facts import new_id as stripe_id

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sandbox.appearances import Appearance
    from sandbox.appearances import Payment as Paid
    from sandbox.people import World

Object = dict[str, Any]
_STATUSES = {"Paid": "succeeded", "Refunded": "refunded", "Failed": "failed"}
_WITH_STRIPE, _BY_HAND, _INVOICED_PER_HUNDRED = 40, 10, 6
_MEMBERS = 30
_MEMBERSHIP_CENTS = 19_00


def payer(world: World, seen: Appearance) -> Appearance | None:
    """Give the person's Stripe customer, where GoHighLevel collects with Stripe; only plain people have it."""
    if seen.person.case is not PLAIN or seen.copy or not chance(seen.numbers[contacts.PAID], _WITH_STRIPE):
        return None
    return next(appearances(world, seen.person, "stripe"), None)


def first_payments(world: World, seen: Appearance, contact: Contact) -> Iterator[Payment]:
    """Give the payments until now."""
    customer = payer(world, seen)
    if customer is None and not chance(seen.numbers[contacts.PAID] // 100, _BY_HAND):
        return
    paid = (customer or seen).payments(seen.person.country.currency.upper())
    for payment in paid:
        at = min(payment.at, world.now - 300) * SECOND
        yield made(contact, payment, at, "stripe" if customer else "manual")


def made(contact: Contact, payment: Paid, at: int, provider: str) -> Payment:
    """Make a transaction; one that went back was changed twenty days later, as far as that lies in the past."""
    status = _STATUSES[stripe.status(payment)]
    updated = min(at + 20 * DAY * SECOND, max(at, payment.by.now * SECOND - SECOND)) if status == "refunded" else at
    identity = hex_id(f"payment:{contact.id}:{payment.place}")
    return Payment(identity, at, updated, contact.id, contact.person, contact.copy, provider, payment.place, status)


def first_member(world: World, seen: Appearance, contact: Contact) -> Member | None:
    """Give the membership that Stripe collects."""
    customer = payer(world, seen)
    drawn = customer.numbers[CHOICE] % 100 if customer else _MEMBERS
    if customer is None or drawn >= _MEMBERS:
        return None
    at = min(customer.created + 3600, world.now - 60) * SECOND
    status = "active" if drawn < 20 else "canceled"
    updated = at if status == "active" else max(at, min(at + 90 * DAY * SECOND, world.now * SECOND - SECOND))
    return Member(hex_id(f"member:{contact.id}"), at, updated, contact.id, contact.person, contact.copy, status)


def first_invoice(seen: Appearance, contact: Contact) -> Invoice | None:
    """Give the invoice that a few contacts have."""
    drawn = seen.numbers[contacts.INVOICED]
    if not chance(drawn, _INVOICED_PER_HUNDRED):
        return None
    at = min(contact.added + 2 * DAY * SECOND, max(contact.added, seen.now * SECOND - DAY * SECOND))
    status = ("draft", "sent", "paid", "paid", "void")[drawn // 100 % 5]
    return invoice(contact, at, PRODUCTS[drawn % len(PRODUCTS)][1], status, 1000 + seen.serial)


def invoice(contact: Contact, at: int, cents: int, status: str, number: int) -> Invoice:
    """Make an invoice."""
    identity = hex_id(f"invoice:{contact.id}:{number}")
    return Invoice(identity, at, at, contact.id, contact.person, contact.copy, number, cents, status)


def _common(fact: Payment | Member, seen: Appearance, location: str) -> Object:
    return {
        "_id": fact.id,
        "altId": location,
        "altType": "location",
        "contactId": fact.contact,
        "contactName": seen.full_name,
        "contactEmail": contacts.email_of(seen),
        "currency": seen.person.country.currency.upper(),
        "status": fact.status,
        "liveMode": True,
        "entityType": "order",
        "entityId": hex_id(f"order:{fact.id}"),
        "entitySourceType": "funnel",
        "entitySourceName": "Curso",
        "entitySourceId": new_id("funnel"),
        "entitySourceMeta": {"domain": "estudio-acuarela.example"},
        "paymentProviderConnectedAccount": "acct_sandbox_main",
        "createdAt": iso(fact.added),
        "updatedAt": iso(fact.updated),
    }


def transaction(world: World, fact: Payment, seen: Appearance, location: str) -> Object:
    """Write a transaction; after a merge it says which contact it was of."""
    customer = payer(world, seen) if fact.provider == "stripe" else None
    payment = (customer or seen).payment(fact.place, seen.person.country.currency.upper())
    amount = payment.cents / 100
    written = {
        **_common(fact, seen, location),
        "amount": amount,
        "amountRefunded": amount if fact.status == "refunded" else 0,
        "entitySourceSubType": "two_step_order_form",
        "subscriptionId": None,
        "chargeId": stripe.payment_id(payment) if customer else None,
        "chargeSnapshot": {"description": payment.product},
        "paymentProviderType": fact.provider,
        "ipAddress": "198.51.100.7",
        "paymentMethod": {"card": {"brand": "visa", "last4": "4242"}} if customer else {},
        "fulfilledAt": iso(fact.added),
    }
    return {**written, "mergedFromContactId": fact.merged_from} if fact.merged_from else written


def subscription(world: World, fact: Member, seen: Appearance, location: str) -> Object:
    """Write a subscription."""
    customer = payer(world, seen)
    return {
        **_common(fact, seen, location),
        "amount": _MEMBERSHIP_CENTS / 100,
        "subscriptionId": stripe_id("sub_", customer.id if customer else fact.id),
        "subscriptionSnapshot": {"status": fact.status},
        "paymentProviderType": "stripe",
        "ipAddress": "198.51.100.7",
    }


def invoiced(fact: Invoice, seen: Appearance, location: str) -> Object:
    """Write an invoice."""
    total, paid = fact.cents / 100, fact.status == "paid"
    currency = seen.person.country.currency.upper()
    item = {
        "_id": hex_id(f"item:{fact.id}"),
        "name": "Curso",
        "currency": currency,
        "qty": 1,
        "amount": total,
        "taxes": [],
    }
    contact: Object = {
        "id": fact.contact,
        "name": seen.full_name,
        "email": contacts.email_of(seen),
        "phoneNo": seen.phone or None,
        "address": {"countryCode": seen.person.country.code},
        "customFields": [],
    }
    return {
        "_id": fact.id,
        "status": fact.status,
        "liveMode": True,
        "amountPaid": total if paid else 0,
        "altId": location,
        "altType": "location",
        "name": "Curso",
        "businessDetails": {"name": NAMES[location]},
        "invoiceNumber": fact.number,
        "currency": currency,
        "contactDetails": contact,
        "issueDate": date(fact.added),
        "dueDate": date(fact.added + 7 * DAY * SECOND),
        "discount": {"type": "percentage", "value": 0},
        "invoiceItems": [item],
        "total": total,
        "title": "FACTURA",
        "amountDue": 0 if paid or fact.status == "void" else total,
        "createdAt": iso(fact.added),
        "updatedAt": iso(fact.updated),
        "totalSummary": {"subTotal": total, "discount": 0, "tax": 0},
    }
