"""Phone numbers that exist in the numbering plans, and the forms in which different sources write one number."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

    from sandbox.countries import Country, Start

STEP = 7_368_787
"""Odd and no multiple of 5: steps of it visit every number under a start before one comes again."""


class Phone(NamedTuple):
    """A number in its parts; countries without area codes have an empty `area`."""

    country: Country
    area: str
    local: str


def number(country: Country, start: Start, index: int) -> Phone:
    """Give the number that `index` alone has under this start."""
    following = start.lowest + (index + 1) * STEP % start.span
    return Phone(country, start.area, start.first + str(following).zfill(start.width))


def e164(phone: Phone) -> str:
    """`+525512345678`."""
    return f"+{phone.country.calling}{phone.area}{phone.local}"


def no_plus(phone: Phone) -> str:
    """`525512345678`, as WhatsApp has it."""
    return e164(phone)[1:]


def spaced(phone: Phone) -> str:
    """`+52 55 1234 5678`."""
    country, area, local = phone
    parts = (f"+{country.calling}", area, local[:-4], local[-4:])
    return " ".join(part for part in parts if part)


def national(phone: Phone) -> str:
    """`55 1234 5678`, as one dials it at home; only the record's country tells which."""
    country, area, local = phone
    if country.code == "AR":
        return f"0{area} 15 {local[:-4]}-{local[-4:]}"
    return " ".join(part for part in (area, local[:-4], local[-4:]) if part)


def old(phone: Phone) -> str:
    """Write Mexico with the 1 of before 2019, Argentina without its 9, Brazil without the ninth digit."""
    country, area, local = phone
    if country.code == "MX":
        return f"+521{area}{local}"
    return f"+{country.calling[:2]}{area}{local[1:] if country.code == 'BR' else local}"


FORMS: dict[str, Callable[[Phone], str]] = {
    "e164": e164,
    "no_plus": no_plus,
    "spaced": spaced,
    "national": national,
    "old": old,
}
