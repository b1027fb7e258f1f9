"""The eight countries of the world: languages, money, places, and where their phone numbers begin."""

from __future__ import annotations

from typing import NamedTuple

from sandbox.draws import spread


class Place(NamedTuple):
    """A city as an address form asks for it."""

    city: str
    state: str
    postal_code: str


class Start(NamedTuple):
    """Numbers that begin alike: the area code, the digits after it, and which numbers may follow in `width` digits."""

    area: str
    first: str
    width: int
    lowest: int
    span: int


def _starts(length: int, *texts: str, lowest_digit: int = 0) -> tuple[Start, ...]:
    """Read `area|first digits` (either may be empty) of a country whose national numbers have `length` digits."""
    parts = [text.split("|") for text in texts]
    widths = [length - len(area) - len(first) for area, first in parts]
    return tuple(
        Start(area, first, width, lowest_digit * 10 ** (width - 1), (10 - lowest_digit) * 10 ** (width - 1))
        for (area, first), width in zip(parts, widths, strict=True)
    )


class Country(NamedTuple):
    """A country, with what addresses, prices and phone numbers need."""

    code: str
    english: str
    portuguese: str
    languages: tuple[str, ...]
    currency: str
    paypal_currency: str
    places: tuple[Place, ...]
    calling: str
    """What stands between the plus and the area in E.164; Argentina's with the 9 of mobile numbers."""
    people: tuple[Start, ...]
    shops: tuple[Start, ...]
    """Starts of shops' numbers: no person's number begins so."""


MX = Country(
    code="MX",
    english="Mexico",
    portuguese="México",
    languages=("es",),
    currency="mxn",
    paypal_currency="MXN",
    places=(
        Place("Ciudad de México", "CDMX", "06700"),
        Place("Monterrey", "NLE", "64000"),
        Place("Mérida", "YUC", "97000"),
    ),
    calling="52",
    people=_starts(10, "55|", "81|", "33|", "222|", "442|", "477|", "664|", "998|", "999|", "614|"),
    shops=_starts(10, "56|"),
)
CO = Country(
    code="CO",
    english="Colombia",
    portuguese="Colômbia",
    languages=("es",),
    currency="cop",
    paypal_currency="USD",
    places=(Place("Bogotá", "DC", "110111"), Place("Medellín", "ANT", "050010"), Place("Cali", "VAC", "760001")),
    calling="57",
    people=_starts(10, "|300", "|301", "|304", "|310", "|311", "|313", "|315", "|318", "|320", "|321"),
    shops=_starts(10, "|305"),
)
ES = Country(
    code="ES",
    english="Spain",
    portuguese="Espanha",
    languages=("es",),
    currency="eur",
    paypal_currency="EUR",
    places=(Place("Madrid", "M", "28013"), Place("Barcelona", "B", "08001"), Place("A Coruña", "C", "15001")),
    calling="34",
    people=_starts(9, "|6"),
    shops=_starts(9, "|71"),
)
AR = Country(
    code="AR",
    english="Argentina",
    portuguese="Argentina",
    languages=("es",),
    currency="usd",
    paypal_currency="USD",
    places=(Place("Buenos Aires", "C", "C1043"), Place("Córdoba", "X", "X5000"), Place("Mendoza", "M", "M5500")),
    calling="549",
    people=_starts(10, "11|4", "11|5", "11|6", "351|", lowest_digit=2),
    shops=_starts(10, "11|3", lowest_digit=2),
)
US = Country(
    code="US",
    english="United States",
    portuguese="Estados Unidos",
    languages=("en", "en", "es"),
    currency="usd",
    paypal_currency="USD",
    places=(Place("New York", "NY", "10001"), Place("Los Angeles", "CA", "90001"), Place("Miami", "FL", "33101")),
    calling="1",
    people=_starts(10, "212|", "213|", "305|", "312|", "415|", "512|", "619|", "702|", "713|", "786|", lowest_digit=2),
    shops=_starts(10, "646|", lowest_digit=2),
)
BR = Country(
    code="BR",
    english="Brazil",
    portuguese="Brasil",
    languages=("pt",),
    currency="brl",
    paypal_currency="BRL",
    places=(
        Place("São Paulo", "SP", "01310-100"),
        Place("Rio de Janeiro", "RJ", "20040-002"),
        Place("Belém", "PA", "66010-000"),
    ),
    calling="55",
    people=_starts(11, "11|99", "11|98", "21|99", "31|98", "41|99", "51|98", "61|99", "71|98", "81|99", "85|98"),
    shops=_starts(11, "11|96"),
)
CL = Country(
    code="CL",
    english="Chile",
    portuguese="Chile",
    languages=("es",),
    currency="usd",
    paypal_currency="USD",
    places=(
        Place("Santiago", "RM", "8320000"),
        Place("Valparaíso", "VS", "2340000"),
        Place("Concepción", "BI", "4030000"),
    ),
    calling="56",
    people=_starts(9, "|94", "|95", "|98"),
    shops=_starts(9, "|92"),
)
PE = Country(
    code="PE",
    english="Peru",
    portuguese="Peru",
    languages=("es",),
    currency="pen",
    paypal_currency="USD",
    places=(Place("Lima", "LIM", "15001"), Place("Arequipa", "ARE", "04001"), Place("Cusco", "CUS", "08000")),
    calling="51",
    people=_starts(9, "|96", "|97", "|98"),
    shops=_starts(9, "|99"),
)
COUNTRIES = (MX, CO, ES, AR, US, BR, CL, PE)
MIX = spread(((MX, 30), (CO, 15), (ES, 15), (AR, 10), (US, 10), (BR, 10), (CL, 5), (PE, 5)))
"""Where people live, a hundred entries."""
OLD_FORM_COUNTRIES = (MX, AR, BR)
"""Numbers of these countries are written in two ways: Mexico's 1, Argentina's 9, Brazil's ninth digit."""
