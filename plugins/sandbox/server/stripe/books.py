"""The books of one Stripe account: an index for each stream, and what was changed by hand since."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sandbox.appearances import PRODUCTS, RATES, appearances
from sandbox.server.stripe import history, ledger
from sandbox.server.stripe.facts import (
    DAY,
    Abandoned,
    Buyer,
    Checkout,
    CreditNote,
    Dispute,
    Draft,
    InvoicePayment,
    Line,
    Payout,
    Price,
    Product,
    Refund,
    Sale,
    Subscription,
    new_id,
)
from sandbox.server.stripe.index import Index

if TYPE_CHECKING:
    from sandbox.appearances import Appearance
    from sandbox.people import World
    from sandbox.server.vendor import Clock

STREAMS = (
    "customers",
    "charges",
    "payment_intents",
    "invoices",
    "subscriptions",
    "refunds",
    "disputes",
    "balance_transactions",
    "payouts",
    "credit_notes",
    "checkout_sessions",
    "invoice_payments",
    "products",
    "prices",
    "events",
)
MAIN, CONNECTED = "acct_sandbox_main", "acct_sandbox_connected"
_CATALOGUE_AGE = 3 * 365 * DAY + 60 * DAY


class Books:
    """Everything of one account, in test or live mode."""

    def __init__(self, world: World, clock: Clock, account: str, *, live: bool = False, crowded: bool = False) -> None:
        self.world = world
        self.clock = clock
        self.account = account
        self.live = live
        self.crowded = crowded
        self.streams = {stream: Index() for stream in STREAMS}
        self.changes: dict[str, dict[str, Any]] = {}
        self.contacts: dict[tuple[int, int], dict[str, Any]] = {}
        self.balance = ledger.Balance(f"{account}:{world.seed}")
        self.next_person = world.people
        self.next_payment = 100
        self._new: dict[str, list[tuple[int, str, Any]]] | None = {stream: [] for stream in STREAMS}
        self._open(clock.now)

    def add(self, stream: str, created: int, identity: str, fact: Any) -> None:
        """Enter a fact; while the account is opened they are gathered and sorted once."""
        if self._new is not None:
            self._new[stream].append((created, identity, fact))
        else:
            self.streams[stream].add(created, identity, fact)

    def buyer(self, seen: Appearance, created: int) -> Buyer:
        """Make a buyer; in the connected account some pay in a currency without cents."""
        return history.buyer(seen, created, without_cents=self.account == CONNECTED)

    def add_sale(self, made: Sale) -> None:
        """Enter a payment with intent, ledger line, invoice and checkout."""
        self.add("payment_intents", made.at - 2, made.intent, made)
        self.add("charges", made.at, made.id, made)
        if made.paid:
            self.add_line(ledger.of_sale(made))
        if made.lines:
            self.add("invoices", made.at - 5, made.invoice, made)
            identity = new_id("inpay_", made.id)
            self.add("invoice_payments", made.at, identity, InvoicePayment(identity, made))
        if made.in_checkout and made.paid:
            identity = new_id("cs_test_", made.id)
            self.add("checkout_sessions", made.at - 60, identity, Checkout(identity, made))

    def add_refund(self, refund: Refund) -> CreditNote | None:
        """Enter money that went back; on an invoice it has a credit note."""
        self.add("refunds", refund.at, refund.id, refund)
        self.add_line(ledger.of_refund(refund))
        if not refund.sale.lines:
            return None
        note = CreditNote(new_id("cn_", refund.id), refund)
        self.add("credit_notes", refund.at, note.id, note)
        return note

    def add_dispute(self, dispute: Dispute) -> None:
        """Enter a chargeback."""
        self.add("disputes", dispute.at, dispute.id, dispute)
        self.add_line(ledger.of_dispute(dispute))

    def add_line(self, line: Line) -> None:
        """Enter a line of the ledger."""
        self.add("balance_transactions", line.created, line.id, line)
        if self._new is None:
            self.balance.add(line)

    def add_buyer(self, payer: Buyer) -> None:
        """Enter a customer; a guest has no entry of its own."""
        if payer.id:
            self.add("customers", payer.created, payer.id, payer)

    def add_payouts(self, until: int) -> list[Payout]:
        """Enter the payouts that fall due until then."""
        paid = list(self.balance.payouts(until))
        for payout in paid:
            self.streams["payouts"].add(payout.created, payout.id, payout)
            line = ledger.of_payout(payout)
            self.streams["balance_transactions"].add(line.created, line.id, line)
        return paid

    def _open(self, now: int) -> None:
        self._open_catalogue(now - _CATALOGUE_AGE)
        for person in self.world.seen_in("stripe", range(self.world.people)):
            for seen in appearances(self.world, person, "stripe"):
                self._open_buyer(self.buyer(seen, seen.created), seen, now)
        gathered, self._new = self._new or {}, None
        for stream, rows in gathered.items():
            self.streams[stream].load(rows)
        lines = self.streams["balance_transactions"]
        for _, identity in lines.keys:
            self.balance.add(lines.fact(identity))
        self.add_payouts(now)

    def _open_buyer(self, payer: Buyer, seen: Appearance, now: int) -> None:
        if self.crowded:
            payer.created = history.crowded(payer, now)
        later = payer.created - seen.created
        self.add_buyer(payer)
        for payment in seen.payments(payer.currency.upper()):
            made = history.sale(payer, payment, min(payment.at + later, now - 300))
            history.aftermath(made, payment, now)
            self.add_sale(made)
            for refund in made.refunds:
                self.add_refund(refund)
            if made.dispute:
                self.add_dispute(made.dispute)
                if made.dispute.status == "won":
                    self.add_line(ledger.of_reversal(made.dispute, made.dispute.at + 25 * DAY))
        self._open_extras(
            history.subscription(payer, seen, now), history.draft(payer, seen, now), history.abandoned(payer, seen, now)
        )

    def _open_extras(self, member: Subscription | None, draft: Draft | None, abandoned: Abandoned | None) -> None:
        if member:
            member.buyer.subscription = member
            self.add("subscriptions", member.created, member.id, member)
        if draft:
            self.add("invoices", draft.at, draft.id, draft)
        if abandoned:
            self.add("checkout_sessions", abandoned.at, abandoned.id, abandoned)

    def _open_catalogue(self, opened: int) -> None:
        for place, (name, usd_cents) in enumerate(PRODUCTS):
            product = Product(product_id(name), name, opened + place)
            self.add("products", product.created, product.id, product)
            for currency, rate in RATES.items():
                every = {history.MEMBERSHIP: "month", "Programa Anual": "year"}.get(name, "")
                for active in (False, True):
                    cents = history.minor_units(currency.lower(), usd_cents * rate // (100 if active else 125))
                    identity = price_id(name, currency.lower(), active)
                    created = opened + place + (100 if active else 50)
                    price = Price(identity, product.id, currency.lower(), cents, created, active, every)
                    self.add("prices", created, identity, price)


def product_id(name: str) -> str:
    """Give the id of a product."""
    return new_id("prod_", name)[:19]


def price_id(name: str, currency: str, active: bool = True) -> str:
    """Give the id of a product's price; each has an older one that is not active."""
    return new_id("price_", f"{name}:{currency}:{active}")
