"""What is kept of each object: enough to write it, replaced as a whole when it changes."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from sandbox.cases import Sighting
from sandbox.draws import MIXED, digest, token

if TYPE_CHECKING:
    from collections.abc import Mapping

SECOND, DAY = 1000, 86_400
DOUBLE = Sighting("ghl", "second", "own")
"""How somebody is seen who came a second time: with another e-mail and the same phone."""
UNCHANGED: Mapping[str, Any] = MappingProxyType({})


class Fact(Protocol):
    """What an index needs to know; times are milliseconds since 1970."""

    @property
    def id(self) -> str:
        """The id that GoHighLevel gave."""

    @property
    def added(self) -> int:
        """When it was made: never changes."""

    @property
    def updated(self) -> int:
        """When it was last changed, as the vendor says it."""


class Contact(NamedTuple):
    """A contact: number of the person and of the copy, and what was changed by hand, in the shape of the search."""

    id: str
    added: int
    updated: int
    person: int
    copy: int
    changes: Mapping[str, Any] = UNCHANGED


class Opportunity(NamedTuple):
    """A deal of a contact; `person` and `copy` are the contact's."""

    id: str
    added: int
    updated: int
    contact: str
    person: int
    copy: int
    name: str
    status: str
    moved: int
    """When the status last changed."""


class Payment(NamedTuple):
    """A transaction; with `provider` stripe its charge is the one that Stripe has."""

    id: str
    added: int
    updated: int
    contact: str
    person: int
    copy: int
    provider: str
    place: int
    status: str
    merged_from: str = ""


class Member(NamedTuple):
    """A subscription that Stripe collects."""

    id: str
    added: int
    updated: int
    contact: str
    person: int
    copy: int
    status: str


class Invoice(NamedTuple):
    """An invoice; `contact` stands in its contactDetails."""

    id: str
    added: int
    updated: int
    contact: str
    person: int
    copy: int
    number: int
    cents: int
    status: str


def new_id(about: str) -> str:
    """Give the id of 20 letters that belongs to `about`."""
    return token(digest(f"ghl:{about}"), 0, 20, MIXED)


def hex_id(about: str) -> str:
    """Give the id of 24 hexadecimal digits, as payments and invoices have it."""
    return digest(f"ghl:{about}").hex()[:24]


def uuid(about: str) -> str:
    """Give a UUID, as stages and traces have it."""
    drawn = digest(f"ghl:{about}").hex()
    return f"{drawn[:8]}-{drawn[8:12]}-4{drawn[13:16]}-a{drawn[17:20]}-{drawn[20:32]}"


@lru_cache(maxsize=4096)
def _date(day: int) -> str:
    return datetime.fromtimestamp(day * DAY, UTC).strftime("%Y-%m-%d")


def date(milliseconds: int) -> str:
    """`2026-03-06`."""
    return _date(milliseconds // (DAY * SECOND))


def iso(milliseconds: int) -> str:
    """`2026-03-06T20:27:20.348Z`."""
    day, rest = divmod(milliseconds, DAY * SECOND)
    seconds, thousandths = divmod(rest, SECOND)
    return f"{_date(day)}T{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}.{thousandths:03d}Z"
