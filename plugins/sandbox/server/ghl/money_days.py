"""What a day brings to deals, payments, memberships and invoices, most of it to old ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.server.ghl import contacts, money
from sandbox.server.ghl.facts import Member, Opportunity, hex_id, new_id

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from sandbox.server.ghl.days import Day

_NAMES = ("Curso", "Membresía")


def _show_deals(day: Day, contact_id: str, at: int, deal: Opportunity, *, gone: bool = False) -> None:
    """Write a deal anew into its contact, which moves with it."""
    contact = day.books.contacts.facts.get(contact_id)
    if contact is None:
        return
    others = [one for one in day.books.contact(contact)["opportunities"] if one["id"] != deal.id]
    mine = [] if gone else [contacts.summary(day.books.location, deal)]
    day.change(contact, at, opportunities=[*others, *mine])


def _new_deal(day: Day, at: int) -> None:
    contact = day.contact()
    if contact is None:
        return
    identity, name = new_id(f"deal:{contact.id}:{at}"), day.drawn.choice(_NAMES)
    deal = Opportunity(identity, at, at, contact.id, contact.person, contact.copy, name, "open", at)
    day.books.opportunities.put(deal, at)
    _show_deals(day, contact.id, at, deal)


def _deal_moved(day: Day, at: int) -> None:
    deal = day.pick(day.books.opportunities, lambda one: one.status == "open")
    if deal:
        changed = deal._replace(status=day.drawn.choice(("won", "lost", "abandoned")), updated=at, moved=at)
        day.books.opportunities.put(changed, at)
        _show_deals(day, deal.contact, at, changed)


def _deal_deleted(day: Day, at: int) -> None:
    deal = day.pick(day.books.opportunities)
    if deal and day.drawn.random() < 0.5:
        day.books.opportunities.remove(deal.id, at)
        _show_deals(day, deal.contact, at, deal, gone=True)


def _payment(day: Day, at: int) -> None:
    contact = day.contact()
    if contact:
        day.books.pay(contact, at)


def _refund(day: Day, at: int) -> None:
    payment = day.pick(day.books.payment_transactions, lambda one: one.status == "succeeded")
    if payment:
        day.books.payment_transactions.put(payment._replace(status="refunded", updated=at), at)


def _member(day: Day, at: int) -> None:
    contact = day.contact()
    if contact and day.drawn.random() < 0.5:
        identity = hex_id(f"member:{contact.id}:{at}")
        made = Member(identity, at, at, contact.id, contact.person, contact.copy, "active")
        day.books.payment_subscriptions.put(made, at)


def _cancellation(day: Day, at: int) -> None:
    member = day.pick(day.books.payment_subscriptions, lambda one: one.status == "active")
    if member:
        day.books.payment_subscriptions.put(member._replace(status="canceled", updated=at), at)


def _invoice(day: Day, at: int) -> None:
    contact = day.contact()
    if contact:
        day.books.next_invoice += 1
        status = day.drawn.choice(("draft", "sent"))
        day.books.invoices.put(money.invoice(contact, at, 49_00, status, day.books.next_invoice), at)


def _invoice_paid(day: Day, at: int) -> None:
    invoice = day.pick(day.books.invoices, lambda one: one.status == "sent")
    if invoice:
        status = day.drawn.choice(("paid", "paid", "void"))
        day.books.invoices.put(invoice._replace(status=status, updated=at), at)


def _draft_deleted(day: Day, at: int) -> None:
    invoice = day.pick(day.books.invoices, lambda one: one.status == "draft")
    if invoice:
        day.books.invoices.remove(invoice.id, at)


MONEY: tuple[tuple[Callable[[Any, int], None], int], ...] = (
    (_new_deal, 1),
    (_deal_moved, 2),
    (_deal_deleted, 1),
    (_payment, 2),
    (_refund, 1),
    (_member, 1),
    (_cancellation, 1),
    (_invoice, 1),
    (_invoice_paid, 1),
    (_draft_deleted, 1),
)
