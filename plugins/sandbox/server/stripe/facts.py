"""What happened in a Stripe account, small enough to be kept: the objects are written from it when somebody asks."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from sandbox.draws import MIXED, digest, token

DAY = 86_400


def new_id(prefix: str, about: str) -> str:
    """Give the id that belongs to `about`, for instance the payment intent of a charge."""
    return prefix + token(digest(f"{prefix}{about}"), 0, 24, MIXED)


@dataclass(slots=True, eq=False)
class Buyer:
    """A customer, or a guest whose `id` is empty."""

    id: str
    index: int
    copy: int
    created: int
    currency: str
    choice: int
    subscription: Subscription | None = None


class Refund(NamedTuple):
    """Money back, all of a sale or a part."""

    id: str
    sale: Sale
    at: int
    cents: int


@dataclass(slots=True, eq=False)
class Dispute:
    """A chargeback; it is open until somebody wins."""

    id: str
    sale: Sale
    at: int
    status: str


@dataclass(slots=True, eq=False)
class Sale:
    """A payment that went through or failed, with all that hangs on it."""

    id: str
    buyer: Buyer
    at: int
    product: str
    currency: str
    cents: int
    usd_cents: int
    fee: int
    paid: bool
    in_checkout: bool
    lines: int
    """Of its invoice; none means that there is no invoice."""
    refunds: list[Refund] = field(default_factory=list)
    dispute: Dispute | None = None
    intent: str = ""
    invoice: str = ""
    line: str = ""
    """The ledger line of the charge."""

    @property
    def refunded(self) -> int:
        """How much went back."""
        return sum(refund.cents for refund in self.refunds)


@dataclass(slots=True, eq=False)
class Subscription:
    """A membership of a buyer."""

    id: str
    buyer: Buyer
    created: int
    items: int
    status: str
    canceled_at: int | None = None


@dataclass(slots=True, eq=False)
class Draft:
    """An invoice that was not paid: a draft, which may be deleted, or void."""

    id: str
    buyer: Buyer
    at: int
    cents: int
    status: str


class Abandoned(NamedTuple):
    """A checkout that nobody finished: open for a day, then expired."""

    id: str
    buyer: Buyer
    at: int
    cents: int


class CreditNote(NamedTuple):
    """The paper of a refund on an invoice."""

    id: str
    refund: Refund


class Checkout(NamedTuple):
    """A checkout that ended in a sale."""

    id: str
    sale: Sale


class InvoicePayment(NamedTuple):
    """The only link between a charge and its invoice since API version 2025-03-31."""

    id: str
    sale: Sale


@dataclass(slots=True, eq=False)
class Line:
    """A line of the ledger, in US cents."""

    id: str
    created: int
    kind: str
    category: str
    amount: int
    fee: int
    source: str
    available_on: int
    currency: str
    rate: float | None
    payout: str = ""

    @property
    def net(self) -> int:
        """What the line adds to the balance."""
        return self.amount - self.fee


@dataclass(slots=True, eq=False)
class Payout:
    """What went to the bank, and the ledger line of it."""

    id: str
    created: int
    amount: int
    arrival: int
    line: str


class Product(NamedTuple):
    """A thing on sale."""

    id: str
    name: str
    created: int


class Price(NamedTuple):
    """What a product costs in one currency; old prices are not active."""

    id: str
    product: str
    currency: str
    cents: int
    created: int
    active: bool
    recurring: str


class Event(NamedTuple):
    """What Stripe told about an object; `snapshot` is what it was then, or nothing while it is as it began."""

    id: str
    created: int
    type: str
    stream: str
    object_id: str
    snapshot: dict[str, object] | None = None
    previous: dict[str, object] | None = None
