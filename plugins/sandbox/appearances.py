"""How a person stands in one source: the id there, the name, e-mail and phone as given there, and what was paid."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from sandbox import draws, names, phones
from sandbox.draws import MIXED, UPPER, token

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sandbox.cases import Sighting
    from sandbox.people import Person, World

_DAY = 86_400
_MONTH = 30 * _DAY
_MAX_COPIES = 4
_MAX_PAYMENTS = 4
_FIRST_SALE = 1_000_000_000
_SALES = 9_000_000_000
_SALE_STEP = 7_368_787

# What each of an appearance's numbers decides; the digest's first 24 bytes (numbers 0 to 11) are the id.
_STYLE, _LAG, _FORM, _EMAIL_FORM, _PAYMENTS, CHOICE, DETAIL, TAGS, ACTIVITY, NOTE = range(12, 22)
# And of a payment's.
_PRODUCT, _DELAY, STATUS, KIND, EXTRA, FEE, OTHER = range(12, 19)


def _manychat_id(drawn: bytes, _serial: int) -> str:
    return str(10**16 + int.from_bytes(drawn[:8], "big") % (9 * 10**16))


def _shopify_id(_drawn: bytes, serial: int) -> str:
    return str(7_000_000_000_000 + serial * 32_768)


_IDS: dict[str, Callable[[bytes, int], str]] = {
    "ghl": lambda drawn, _: token(drawn, 0, 20, MIXED),
    "manychat": _manychat_id,
    "stripe": lambda drawn, _: "cus_" + token(drawn, 0, 14, MIXED),
    "paypal": lambda drawn, _: token(drawn, 0, 13, UPPER),
    "shopify": _shopify_id,
    "hotmart": lambda _, serial: f"buyer-{serial}",
}
"""The form of a person's id in each source, out of a digest or a serial number."""

_USUAL_FORMS: dict[str, tuple[str, ...]] = {
    "ghl": ("e164",),
    "manychat": ("e164", "no_plus"),
    "stripe": ("e164",),
    "paypal": ("national",),
    "shopify": ("e164", "e164", "e164", "spaced"),
    "hotmart": ("national",),
}

PRODUCTS = (
    ("Curso de Acuarela", 49_00),
    ("Membresía Mensual", 19_00),
    ("Taller de Cerámica", 129_00),
    ("Libro: Color y Forma", 24_50),
    ("Mentoría 1:1", 497_00),
    ("Programa Anual", 1_290_00),
)
"""Name, and price in US cents."""
RATES = {"USD": 100, "MXN": 1850, "EUR": 92, "BRL": 540, "COP": 410_000, "PEN": 375, "CLP": 95_000}
"""Hundredths of a unit for one US dollar."""


class Payment(NamedTuple):
    """Money that a person paid; `cents` are hundredths of the currency's unit."""

    by: Appearance
    place: int
    drawn: bytes
    numbers: tuple[int, ...]
    at: int
    product: str
    currency: str
    cents: int

    @property
    def usd_cents(self) -> int:
        """The same amount in US cents."""
        return self.cents * 100 // RATES[self.currency]

    @property
    def sale(self) -> int:
        """A number that no other payment in this source has."""
        return _FIRST_SALE + (self.by.serial * _MAX_PAYMENTS + self.place) * _SALE_STEP % _SALES


_CAPITAL_EMAILS = 6
_PAYMENT_COUNTS = draws.spread(((1, 50), (2, 25), (3, 15), (4, 10)))


class Appearance:
    """A person in one source: names as written there, and when the record was made (seconds since 1970)."""

    __slots__ = ("copy", "created", "drawn", "family", "given", "now", "numbers", "person", "seed", "sighting")

    def __init__(self, world: World, person: Person, sighting: Sighting, copy: int) -> None:
        self.seed = world.seed
        self.now = world.now
        self.person = person
        self.sighting = sighting
        self.copy = copy
        self.drawn = draws.digest(f"{world.seed}:{person.index}:{sighting.source}:{copy}")
        self.numbers = draws.numbers(self.drawn)
        style = 0 if person.case.one_spelling else self.numbers[_STYLE] % 100
        self.given, self.family = names.STYLES[style](person.given.text, person.full_family)
        waited = min(world.now - _DAY - person.joined, _MONTH) * self.numbers[_LAG] >> 16
        self.created = person.joined + waited

    @property
    def serial(self) -> int:
        """A number that no other appearance in this source has."""
        return self.person.index * _MAX_COPIES + self.copy

    @property
    def id(self) -> str:
        """The id that the source gave."""
        return _IDS[self.sighting.source](self.drawn, self.serial)

    @property
    def full_name(self) -> str:
        """Given and family name as one text."""
        return f"{self.given} {self.family}".strip()

    @property
    def email(self) -> str:
        """The e-mail as typed here: some in capitals, some with a space behind."""
        email = self.person.email(self.sighting.email)
        drawn = self.numbers[_EMAIL_FORM] % 100
        if drawn < _CAPITAL_EMAILS:
            return email.upper() if drawn % 2 else email.title()
        return f"{email} " if email and drawn == _CAPITAL_EMAILS else email

    @property
    def phone(self) -> str:
        """The phone as written here, or nothing."""
        phone = self.person.phone(self.sighting.phone)
        if phone is None:
            return ""
        usual = _USUAL_FORMS[self.sighting.source]
        return phones.FORMS[self.sighting.form or usual[self.numbers[_FORM] % len(usual)]](phone)

    @property
    def area_and_local(self) -> tuple[str, str]:
        """The phone as a form with two boxes has it."""
        phone = self.person.phone(self.sighting.phone)
        return (phone.area, phone.local) if phone else ("", "")

    def linked_id(self, source: str) -> str:
        """The person's id in another source, where this record holds it."""
        if self.sighting.link != source:
            return ""
        drawn = draws.digest(f"{self.seed}:{self.person.index}:{source}:0")
        return _IDS[source](drawn, self.person.index * _MAX_COPIES)

    def payments(self, currency: str) -> Iterator[Payment]:
        """Yield one to four payments, a month apart, as far as they lie in the past."""
        for place in range(_PAYMENT_COUNTS[self.numbers[_PAYMENTS] % 100]):
            payment = self.payment(place, currency)
            if place and payment.at >= self.now:
                return
            yield payment

    def payment(self, place: int, currency: str) -> Payment:
        """Make the payment number `place`, whether it has come to pass or not."""
        drawn = draws.digest(f"{self.seed}:{self.person.index}:{self.sighting.source}:{self.copy}:{place}")
        number = draws.numbers(drawn)
        product, usd_cents = PRODUCTS[number[_PRODUCT] % len(PRODUCTS)]
        cents = usd_cents * RATES[currency] // 100
        at = self.created + place * _MONTH + number[_DELAY]
        return Payment(self, place, drawn, number, at, product, currency, cents)


def appearances(world: World, person: Person, source: str) -> Iterator[Appearance]:
    """Yield the records of this person in a source; most have none or one."""
    for copy, sighting in enumerate(person.life.by_source[source]):
        yield Appearance(world, person, sighting, copy)
