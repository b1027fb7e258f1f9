"""What happened in a PayPal account, small enough to be kept: the rows are written from it when somebody asks."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from zlib import crc32

from sandbox.draws import UPPER, digest, token
from sandbox.server.paypal.switches import DAY, HOUR

_LATE = 5
"""Rows in a hundred that appear a day or two late."""


def new_id(about: str, length: int = 17) -> str:
    """Give the id that belongs to `about`, for instance the chargeback of a payment."""
    return token(digest(f"paypal:{about}"), 0, length, UPPER)


def published(identity: str, at: int) -> int:
    """Give the second at which a row of then appears: within three hours, or between one and two days later."""
    drawn = crc32(identity.encode())
    if drawn // DAY % 100 < _LATE:
        return at + DAY + drawn % DAY
    return at + drawn % (3 * HOUR)


@dataclass(slots=True, eq=False)
class Payer:
    """Somebody with a PayPal account, or a guest who paid by card: without an account id, or with one per payment."""

    id: str
    index: int
    copy: int
    joined: int
    currency: str
    guest: str
    """Nothing, `none` or `changing`."""
    given: str
    family: str
    email: str
    country: str
    info: bytes
    """`payer_info` as JSON, without the account id."""
    shipping: bytes
    """`shipping_info` as JSON."""
    subscription: Subscription | None = None
    registered: Payer | None = None
    """The same person with an account, once a guest has opened one; what was paid before stays a guest's."""

    def with_account(self) -> Payer:
        """Give the payer as a member is one."""
        if not self.guest:
            return self
        self.registered = self.registered or replace(self, guest="")
        return self.registered

    @property
    def full_name(self) -> str:
        """Given and family name as one text."""
        return f"{self.given} {self.family}".strip()

    def account_id(self, transaction_id: str) -> str:
        """Give the payer's id as a row shows it; some guests have none, and some another each time."""
        if self.guest == "none":
            return ""
        return new_id(f"guest:{transaction_id}", 13) if self.guest else self.id


@dataclass(slots=True, eq=False)
class Row:
    """A row of the report: money that moved, or a note that it might."""

    id: str
    code: str
    at: int
    currency: str
    cents: int
    fee: int = 0
    status: str = "S"
    affects: bool = True
    """Whether the balance moved by it."""
    payer: Payer | None = None
    """The counterparty: on outgoing payments the receiver."""
    product: str = ""
    reference: str = ""
    reference_type: str = ""
    invoice: str = ""
    custom: str = ""
    twin: bool = False
    """Another row has its id, code and date; neither ever changes."""
    updated: int = 0
    published: int = 0

    def __post_init__(self) -> None:
        self.updated = self.updated or self.at
        self.published = self.published or published(self.id, self.at)

    @property
    def order(self) -> tuple[int, str, int]:
        """The order of the report: by initiation, twins by amount."""
        return self.at, self.id, self.cents


@dataclass(slots=True, eq=False)
class Subscription:
    """A membership: no list names it, only its payments do."""

    id: str
    payer: Payer
    plan: str
    cents: int
    created: int
    status: str
    updated: int
    payments: list[Row] = field(default_factory=list)


@dataclass(slots=True, eq=False)
class Product:
    """A thing on sale."""

    id: str
    name: str
    description: str
    created: int
    updated: int


@dataclass(slots=True, eq=False)
class Plan:
    """What a product costs each month in one currency."""

    id: str
    product: Product
    currency: str
    cents: int
    created: int
    updated: int
    status: str = "ACTIVE"


@dataclass(slots=True, eq=False)
class Invoice:
    """A bill: a draft, which may be deleted, or one that was sent and then paid or cancelled."""

    id: str
    number: str
    payer: Payer
    product: str
    currency: str
    cents: int
    created: int
    updated: int
    status: str
    payment: Row | None = None


@dataclass(slots=True, eq=False)
class Dispute:
    """A case about a payment; it is open until somebody wins."""

    id: str
    payment: Row
    created: int
    updated: int
    reason: str
    status: str = "UNDER_REVIEW"
    outcome: str = ""
