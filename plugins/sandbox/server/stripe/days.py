"""A day in the life of an account: newcomers, sales, corrections, refunds, disputes, cancellations and deletions."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

from sandbox.appearances import Appearance, appearances
from sandbox.server.stripe import history, ledger
from sandbox.server.stripe.facts import DAY, Abandoned, Dispute, Draft, Event, new_id
from sandbox.server.stripe.render import render
from sandbox.server.stripe.versions import OLD_VERSION, in_version

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sandbox.server.stripe.books import Books
    from sandbox.server.stripe.facts import Buyer, Payout, Sale, Subscription

_OLD = 45 * DAY
"""Older than the events that Stripe keeps: a change of such an object is only seen by its event."""
_TRIES = 200


class Day:
    """One day of an account, from `begin` to `end`; what happens follows from the account's seed and the day."""

    def __init__(self, books: Books, end: int) -> None:
        self.books = books
        self.begin = books.clock.now
        self.end = end
        self.drawn = random.Random(f"{books.account}:{books.world.seed}:{books.live}:{end}")

    def at(self) -> int:
        """Choose a moment of the day."""
        return self.drawn.randrange(self.begin + 600, self.end - 600)

    def tell(self, kind: str, stream: str, identity: str, at: int, previous: dict[str, Any] | None = None) -> None:
        """Add an event with the object as it is now, in the old version."""
        written = render(self.books, stream, identity)
        fact = self.books.streams[stream].fact(identity)
        snapshot = in_version(written, stream, OLD_VERSION, getattr(fact, "invoice", ""))
        self.record(kind, stream, identity, at, snapshot, previous)

    def record(
        self,
        kind: str,
        stream: str,
        identity: str,
        at: int,
        snapshot: dict[str, Any],
        previous: dict[str, Any] | None = None,
    ) -> None:
        """Add an event about an object that looked so."""
        index = self.books.streams["events"]
        event_id = new_id("evt_", f"{kind}:{identity}:{at}:{len(index.keys)}")
        index.add(at, event_id, Event(event_id, at, kind, stream, identity, snapshot, previous))

    def pick(self, stream: str, fits: Callable[[Any], bool]) -> Any:
        """Choose one of a stream's facts that fits, or nothing where it is hard to find."""
        index = self.books.streams[stream]
        for _ in range(_TRIES if index.keys else 0):
            fact = index.fact(self.drawn.choice(index.keys)[1])
            if fits(fact):
                return fact
        return None


def live_through(books: Books, day_end: int) -> None:
    """Let everything happen that happens until then, each with its events."""
    day = Day(books, day_end)
    busy = 1 + len(books.streams["customers"].keys) // 500
    for deed, times in ((_newcomer, 2), (_sale_again, 3), (_correction, 2), (_refund, 1)):
        for _ in range(times * busy):
            deed(day)
    for rare in (_dispute, _verdict, _cancellation, _deletion, _draft, _draft_deleted, _abandoned, _product_changed):
        rare(day)
    _expirations(day)
    _payouts(day)


def _newcomer(day: Day) -> None:
    buyer, seen = _next_newcomer(day)
    books = day.books
    books.add_buyer(buyer)
    if buyer.id:
        day.tell("customer.created", "customers", buyer.id, buyer.created)
    payment = next(seen.payments(buyer.currency.upper()))
    _sold(day, history.sale(buyer, payment, buyer.created + 120))
    member = history.subscription(buyer, seen, buyer.created + 7200)
    if member and member.status != "canceled":
        buyer.subscription = member
        member.created = buyer.created + 180
        books.add("subscriptions", member.created, member.id, member)
        day.tell("customer.subscription.created", "subscriptions", member.id, member.created)


def _next_newcomer(day: Day) -> tuple[Buyer, Appearance]:
    while True:
        person = day.books.world.person(day.books.next_person)
        day.books.next_person += 1
        for seen in appearances(day.books.world, person, "stripe"):
            return day.books.buyer(seen, day.at()), seen


def _sold(day: Day, sale: Sale) -> None:
    books, at = day.books, sale.at
    books.add_sale(sale)
    day.tell("payment_intent.created", "payment_intents", sale.intent, at - 2)
    outcome = "succeeded" if sale.paid else "failed"
    day.tell(f"charge.{outcome}", "charges", sale.id, at)
    day.tell(f"payment_intent.{outcome if sale.paid else 'payment_failed'}", "payment_intents", sale.intent, at)
    if sale.lines:
        day.tell("invoice.created", "invoices", sale.invoice, at - 5)
        day.tell("invoice.paid", "invoices", sale.invoice, at)
        day.tell("invoice_payment.paid", "invoice_payments", new_id("inpay_", sale.id), at)
    if sale.in_checkout and sale.paid:
        day.tell("checkout.session.completed", "checkout_sessions", new_id("cs_test_", sale.id), at)


def _sale_again(day: Day) -> None:
    buyer: Buyer | None = day.pick("customers", lambda one: one.created < day.begin)
    if buyer is None:
        return
    payment = _seen(day.books, buyer).payment(day.books.next_payment, buyer.currency.upper())
    day.books.next_payment += 1
    _sold(day, history.sale(buyer, payment, day.at()))


def _seen(books: Books, buyer: Buyer) -> Appearance:
    person = books.world.person(buyer.index)
    return Appearance(books.world, person, person.life.by_source["stripe"][buyer.copy], buyer.copy)


def _correction(day: Day) -> None:
    """Change a customer's name, and of every second one the e-mail too."""
    buyer: Buyer | None = day.pick("customers", lambda one: one.created < day.begin)
    if buyer is None:
        return
    before = render(day.books, "customers", buyer.id)
    change = {"name": f"{before['name'] or ''} {day.drawn.choice(('Jr.', 'II', 'de Sol'))}".strip()}
    if day.drawn.random() < 0.5:
        change["email"] = f"new.{day.drawn.randrange(10**6)}.{(before['email'] or 'x@correo.example').strip().lower()}"
    change_object(day, "customers", buyer.id, change, day.at(), "customer.updated")


def change_object(day: Day, stream: str, identity: str, change: dict[str, Any], at: int, kind: str) -> None:
    """Overlay an object with new values and tell what stood there before."""
    before = render(day.books, stream, identity)
    day.books.changes[identity] = {**day.books.changes.get(identity, {}), **change}
    day.tell(kind, stream, identity, at, {key: before[key] for key in change})


def _refund(day: Day) -> None:
    """Give back all or a half of an old charge."""
    old = day.begin - _OLD
    sale: Sale | None = day.pick("charges", lambda one: one.paid and one.at < old and not (one.dispute or one.refunds))
    if sale is None:
        return
    at, cents = day.at(), sale.cents if day.drawn.random() < 0.5 else sale.cents // 2
    before = {"amount_refunded": sale.refunded, "refunded": False}
    refund = history.refund(sale, at, cents)
    note = day.books.add_refund(refund)
    day.tell("charge.refunded", "charges", sale.id, at, before)
    day.tell("refund.created", "refunds", refund.id, at)
    if note:
        day.tell("credit_note.created", "credit_notes", note.id, at)
        day.tell("invoice.updated", "invoices", sale.invoice, at)


def _dispute(day: Day) -> None:
    old = day.begin - 10 * DAY
    sale: Sale | None = day.pick("charges", lambda one: one.paid and one.at < old and not (one.dispute or one.refunds))
    if sale is None:
        return
    at = day.at()
    sale.dispute = Dispute(new_id("dp_", sale.id), sale, at, "needs_response")
    day.books.add_dispute(sale.dispute)
    day.tell("charge.dispute.created", "disputes", sale.dispute.id, at)
    day.tell("charge.updated", "charges", sale.id, at, {"disputed": False})


def _verdict(day: Day) -> None:
    dispute: Dispute | None = day.pick("disputes", lambda one: one.status == "needs_response" and one.at < day.begin)
    if dispute is None:
        return
    at = day.at()
    dispute.status = day.drawn.choice(("won", "lost"))
    day.tell("charge.dispute.closed", "disputes", dispute.id, at, {"status": "needs_response"})
    if dispute.status == "won":
        day.books.add_line(ledger.of_reversal(dispute, at))


def _cancellation(day: Day) -> None:
    member: Subscription | None = day.pick("subscriptions", lambda one: not one.canceled_at and one.created < day.begin)
    if member:
        cancel(day, member, day.at())


def cancel(day: Day, member: Subscription, at: int) -> None:
    """End a membership: its event is called `deleted`, yet the object stays."""
    before = {"canceled_at": None, "ended_at": None, "status": member.status}
    member.status, member.canceled_at = "canceled", at
    day.tell("customer.subscription.deleted", "subscriptions", member.id, at, before)


def _deletion(day: Day) -> None:
    buyer: Buyer | None = day.pick("customers", lambda one: one.created < day.begin)
    if buyer:
        delete_customer(day, buyer, day.at())


def delete_customer(day: Day, buyer: Buyer, at: int) -> None:
    """Delete a customer: the membership ends, the payments keep the id; every second event has only a stub."""
    if buyer.subscription and not buyer.subscription.canceled_at:
        cancel(day, buyer.subscription, at)
    last = render(day.books, "customers", buyer.id)
    stub = {"id": buyer.id, "object": "customer", "deleted": True}
    day.books.streams["customers"].delete(buyer.id, at)
    day.record("customer.deleted", "customers", buyer.id, at, day.drawn.choice((last, stub)))


def _draft(day: Day) -> None:
    buyer: Buyer | None = day.pick("customers", lambda one: one.created < day.begin)
    if buyer is None:
        return
    at = day.at()
    draft = Draft(new_id("in_", f"{buyer.id}:{at}"), buyer, at, 49_00, "draft")
    day.books.add("invoices", at, draft.id, draft)
    day.tell("invoice.created", "invoices", draft.id, at)


def _draft_deleted(day: Day) -> None:
    fits = lambda one: isinstance(one, Draft) and one.status == "draft" and one.at < day.begin  # noqa: E731
    draft: Draft | None = day.pick("invoices", fits)
    if draft is None:
        return
    at, last = day.at(), render(day.books, "invoices", draft.id)
    day.books.streams["invoices"].delete(draft.id, at)
    day.record("invoice.deleted", "invoices", draft.id, at, last)


def _abandoned(day: Day) -> None:
    buyer: Buyer | None = day.pick("customers", lambda one: one.created < day.begin)
    if buyer is None:
        return
    at = day.at()
    made = Abandoned(new_id("cs_test_", f"{buyer.id}:{at}"), buyer, at, 24_50)
    day.books.add("checkout_sessions", at, made.id, made)


def _product_changed(day: Day) -> None:
    """Describe a product anew, and now and then retire a price."""
    at = day.at()
    product = day.pick("products", lambda _: True)
    description = f"Edición {day.drawn.randrange(1000)}"
    change_object(day, "products", product.id, {"description": description, "updated": at}, at, "product.updated")
    price = day.pick("prices", lambda one: not one.active)
    change_object(day, "prices", price.id, {"nickname": f"old {day.drawn.randrange(1000)}"}, at, "price.updated")


def _expirations(day: Day) -> None:
    """An open checkout ends a day after it began; nothing but its event tells."""
    index = day.books.streams["checkout_sessions"]
    now = day.books.clock.now
    for created, identity in _between(index.keys, day.begin - DAY, day.end - DAY):
        if isinstance(index.fact(identity), Abandoned):
            day.books.clock.now = created + DAY
            day.tell("checkout.session.expired", "checkout_sessions", identity, created + DAY)
    day.books.clock.now = now


def _between(keys: list[tuple[int, str]], first: int, last: int) -> Iterator[tuple[int, str]]:
    return (key for key in reversed(keys) if first < key[0] <= last)


def _payouts(day: Day) -> None:
    payouts = day.books.streams["payouts"]
    now = day.books.clock.now
    for made in day.books.add_payouts(day.end):
        day.tell("payout.created", "payouts", made.id, made.created)
    for _, identity in payouts.keys[-3:]:
        payout: Payout = payouts.fact(identity)
        if day.begin < payout.arrival <= day.end:
            day.books.clock.now = payout.arrival
            day.tell("payout.paid", "payouts", identity, payout.arrival, {"status": "in_transit"})
    day.books.clock.now = now
