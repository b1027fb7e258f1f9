"""The e-mails and phones of a person: own, second, misspelt, or shared with the family, a shop or an inbox."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox import phones
from sandbox.countries import MIX, Country

if TYPE_CHECKING:
    from collections.abc import Callable

    from sandbox.people import Person
    from sandbox.phones import Phone

_FREE_MAIL = ("gmail.example", "hotmail.example", "outlook.example", "yahoo.example", "icloud.example")

# Which of a person's numbers decides what; people has the others.
_MAIL, _SECOND_MAIL, _TYPO, _PHONE, _SECOND_PHONE = range(8, 13)


def _mobile(country: Country, drawn: int, index: int) -> Phone:
    starts = country.people
    return phones.number(country, starts[drawn % len(starts)], index)


def _own_phone(person: Person) -> Phone:
    return _mobile(person.country, person.numbers[_PHONE], 2 * person.index)


def _second_phone(person: Person) -> Phone:
    return _mobile(person.country, person.numbers[_SECOND_PHONE], 2 * person.index + 1)


def _shared_phone(person: Person) -> Phone:
    if person.case.name == "family_phone":
        return _mobile(person.country, person.kin[_PHONE], 2 * person.anchor)
    country = MIX[person.anchor % len(MIX)]
    return phones.number(country, country.shops[0], person.anchor)


PHONES: dict[str, Callable[[Person], Phone | None]] = {
    "own": _own_phone,
    "second": _second_phone,
    "shared": _shared_phone,
    "": lambda _person: None,
}


def _own_email(person: Person) -> str:
    domain = _FREE_MAIL[person.numbers[_MAIL] % len(_FREE_MAIL)]
    return f"{person.given.slug}.{person.family.slug}{person.index}@{domain}"


def _second_email(person: Person) -> str:
    domain = _FREE_MAIL[person.numbers[_SECOND_MAIL] % len(_FREE_MAIL)]
    return f"{person.given.slug[0]}{person.family.slug}{person.index}@{domain}"


def _swapped_letters(local: str, domain: str) -> str:
    first, second = local[1], local[2]
    return f"{local[0]}{second}{first}{local[3:]}@{domain}" if first != second else f"{local[0]}{local[2:]}@{domain}"


def _doubled_letter(local: str, domain: str) -> str:
    return f"{local[:2]}{local[1:]}@{domain}"


def _lost_letter(local: str, domain: str) -> str:
    return f"{local[0]}{local[2:]}@{domain}"


def _misspelt_domain(local: str, domain: str) -> str:
    return f"{local}@{domain[0]}{domain[2]}{domain[1]}{domain[3:]}"


_TYPOS = (_swapped_letters, _doubled_letter, _lost_letter, _misspelt_domain)


def _typo_email(person: Person) -> str:
    local, _, domain = _own_email(person).partition("@")
    return _TYPOS[person.numbers[_TYPO] % len(_TYPOS)](local, domain)


def _shared_email(person: Person) -> str:
    return f"info@tienda-{person.anchor}.example"


EMAILS: dict[str, Callable[[Person], str]] = {
    "own": _own_email,
    "second": _second_email,
    "typo": _typo_email,
    "shared": _shared_email,
    "": lambda _person: "",
}
