"""The books of one location: an index for each stream, and how they were filled until the world's present."""

from __future__ import annotations

from collections import OrderedDict
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import msgspec

from sandbox.appearances import CHOICE, Appearance, appearances
from sandbox.server.ghl import contacts, deals, money
from sandbox.server.ghl.facts import DAY, DOUBLE, SECOND, Contact, Fact
from sandbox.server.ghl.fields import ContactFields, OpportunityFields
from sandbox.server.ghl.index import Index
from sandbox.server.ghl.search import Search
from sandbox.server.ghl.setup import Setup

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sandbox.people import World
    from sandbox.server.ghl.facts import Invoice, Member, Opportunity, Payment
    from sandbox.server.vendor import Clock

Object = dict[str, Any]
_CACHED = 300_000
_CROWDED_AGE = 200 * DAY * SECOND
_MONTH = 30 * DAY * SECOND
_IN_ONE_MOMENT = 50_000


class Books:
    """Everything of one location; `crowded` lets nine of ten contacts come in one month."""

    def __init__(self, world: World, clock: Clock, location: str, *, crowded: bool = False) -> None:
        self.world = world
        self.clock = clock
        self.location = location
        self.crowded = crowded
        self.setup = Setup(location)
        self.contacts: Index[Contact] = Index()
        self.opportunities: Index[Opportunity] = Index()
        self.payment_transactions: Index[Payment] = Index()
        self.payment_subscriptions: Index[Member] = Index()
        self.invoices: Index[Invoice] = Index()
        self.doubles: list[tuple[str, str]] = []
        """Pairs of contacts of one person, which somebody will merge one day."""
        self.removed: list[tuple[int, Contact, list[Opportunity]]] = []
        """Deleted contacts with their deals, and when: they can be restored."""
        self.copies: dict[int, int] = {}
        """How many contacts a person had who came again."""
        self.next_person = world.people
        self.next_payment = 100
        self.next_invoice = 10_000_000
        self._searches = {
            "contacts": Search(self.contacts, ContactFields(self)),
            "opportunities": Search(self.opportunities, OpportunityFields(self)),
        }
        self._imported = 0
        self._written: OrderedDict[str, tuple[Contact, bytes]] = OrderedDict()
        self._open()

    @property
    def indexes(self) -> dict[str, Index[Any]]:
        """The streams that are kept in an index."""
        return {
            "contacts": self.contacts,
            "opportunities": self.opportunities,
            "payment_transactions": self.payment_transactions,
            "payment_subscriptions": self.payment_subscriptions,
            "invoices": self.invoices,
        }

    def appearance(self, index: int, copy: int) -> Appearance:
        """Give how a person stands here; who came again by hand has the second e-mail."""
        person = self.world.person(index)
        sightings = person.life.by_source["ghl"]
        return Appearance(self.world, person, sightings[copy] if copy < len(sightings) else DOUBLE, copy)

    def contact(self, contact: Contact) -> Object:
        """Write a contact in the search's shape."""
        seen = self.appearance(contact.person, contact.copy)
        deal = None if "opportunities" in contact.changes else deals.first(seen, contact)
        return contacts.found(seen, contact, self.location, deal and contacts.summary(self.location, deal))

    def written(self, contact: Contact) -> bytes:
        """Give the same as JSON, written once, without the closing brace: the cursor comes behind it."""
        kept = self._written.get(contact.id)
        if kept is not None and kept[0] is contact:
            return kept[1]
        text = msgspec.json.encode(self.contact(contact))[:-1]
        self._written[contact.id] = (contact, text)
        if len(self._written) > _CACHED:
            self._written.popitem(last=False)
        return text

    def render(self, stream: str, fact: Any) -> Object:
        """Write an object of any indexed stream."""
        if stream == "contacts":
            return self.contact(fact)
        seen = self.appearance(fact.person, fact.copy)
        if stream == "opportunities":
            return deals.written(fact, seen, self.location)
        if stream == "invoices":
            return money.invoiced(fact, seen, self.location)
        write = money.transaction if stream == "payment_transactions" else money.subscription
        return write(self.world, fact, seen, self.location)

    def search(self, stream: str) -> Search:
        """Give the search over contacts or opportunities."""
        return self._searches[stream]

    def publish(self, lag_seconds: int) -> None:
        """Show the search everything that is older than its lag; lists of other kinds have none."""
        now = self.clock.now * SECOND
        for stream, index in self.indexes.items():
            index.publish(now - lag_seconds * SECOND if stream in ("contacts", "opportunities") else now)

    def pay(self, contact: Contact, at: int) -> None:
        """Enter a payment that was taken by hand."""
        seen = self.appearance(contact.person, contact.copy)
        payment = seen.payment(self.next_payment, seen.person.country.currency.upper())
        self.next_payment += 1
        self.payment_transactions.put(money.made(contact, payment, at, "manual"), at)

    def rewrite_money(self, lost: str, master: str, at: int) -> None:
        """Hand over what a merged contact paid; a transaction remembers of whom it was."""
        for payment in [one for one in self.payment_transactions.facts.values() if one.contact == lost]:
            self.payment_transactions.put(payment._replace(contact=master, merged_from=lost, updated=at), at)
        for member in [one for one in self.payment_subscriptions.facts.values() if one.contact == lost]:
            self.payment_subscriptions.put(member._replace(contact=master, updated=at), at)
        for invoice in [one for one in self.invoices.facts.values() if one.contact == lost]:
            self.invoices.put(invoice._replace(contact=master, updated=at), at)

    def _open(self) -> None:
        found: dict[str, list[Any]] = {stream: [] for stream in self.indexes}
        for person in self.world.seen_in("ghl", range(self.world.people)):
            ids = []
            for seen in appearances(self.world, person, "ghl"):
                contact = Contact(seen.id, *self._times(seen), person.index, seen.copy)
                ids.append(contact.id)
                for stream, fact in first_facts(self.world, seen, contact):
                    found[stream].append(fact)
            self.doubles += pairwise(ids)
        for stream, index in self.indexes.items():
            index.load(found[stream])

    def _times(self, seen: Appearance) -> tuple[int, int]:
        """Give when a contact was added and last changed; those that one import brought were never changed."""
        added = seen.created * SECOND + seen.numbers[contacts.THOUSANDTHS] % SECOND
        drawn, first = seen.numbers[CHOICE] % 20, self.world.now * SECOND - _CROWDED_AGE
        if self.crowded and drawn < 5 and self._imported < _IN_ONE_MOMENT:
            self._imported += 1
            return first, first
        if self.crowded and drawn < 18:
            added = first + added % _MONTH
        return added, contacts.changed_at(seen, added)


def first_facts(world: World, seen: Appearance, contact: Contact) -> Iterator[tuple[str, Fact]]:
    """Give a contact and what hangs on it, with the stream of each."""
    yield "contacts", contact
    if deal := deals.first(seen, contact):
        yield "opportunities", deal
    for payment in money.first_payments(world, seen, contact):
        yield "payment_transactions", payment
    if member := money.first_member(world, seen, contact):
        yield "payment_subscriptions", member
    if invoice := money.first_invoice(seen, contact):
        yield "invoices", invoice
