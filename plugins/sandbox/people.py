"""The world: person `i` follows from the seed and `i` alone, so a million of them stream and none is kept."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from sandbox import cases, draws, names
from sandbox.contacts import EMAILS, PHONES
from sandbox.countries import MIX, OLD_FORM_COUNTRIES, Country

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from sandbox.cases import Case, Life
    from sandbox.countries import Place
    from sandbox.names import Name
    from sandbox.phones import Phone

EPOCH = datetime(2026, 11, 1, tzinfo=UTC)
"""The present of a world when none is given: a fixed day, so that the same world is made tomorrow."""
_SECONDS_BACK = 3 * 365 * 86_400

# What each of a person's 32 numbers decides; contacts has 8 to 12.
_COUNTRY, _LANGUAGE, _GIVEN, _FAMILY, _SECOND_FAMILY, _LIFE, _AGE, _MINUTE = range(8)
_PLACE = 13


@dataclass(slots=True, eq=False)
class Person:
    """One human being; `kin` are the numbers that a family shares (those of its first member), else the own ones."""

    index: int
    case: Case
    anchor: int
    """Index of the group's first member."""
    numbers: tuple[int, ...]
    kin: tuple[int, ...]
    country: Country
    language: str
    given: Name
    family: Name
    life: Life
    joined: int
    """Seconds since 1970 at which the business first heard of the person."""

    @property
    def true_id(self) -> str:
        """The person's name in the truth."""
        return f"p{self.index:07d}"

    @property
    def full_family(self) -> str:
        """Both family names where people use two."""
        drawn = self.kin[_SECOND_FAMILY]
        if self.language != "es" or drawn % 2:
            return self.family.text
        second = names.FAMILY["es"]
        return f"{self.family.text} {second[drawn // 2 % len(second)].text}"

    @property
    def place(self) -> Place:
        """Where the person lives."""
        return self.country.places[self.numbers[_PLACE] % len(self.country.places)]

    def email(self, which: str) -> str:
        """Give the own, second, typo or shared address, or nothing."""
        return EMAILS[which](self)

    def phone(self, which: str) -> Phone | None:
        """Give the own, second or shared number, or nothing."""
        return PHONES[which](self)


class World:
    """`people` people as of `epoch`; those of a larger world with the same seed begin with the same ones."""

    def __init__(self, seed: int, people: int, epoch: datetime = EPOCH) -> None:
        self.seed = seed
        self.people = people
        self.epoch = epoch
        self.now = int(epoch.timestamp())
        self._cast = cases.cast(seed)

    def __len__(self) -> int:
        """How many people live here."""
        return self.people

    def __iter__(self) -> Iterator[Person]:
        """Everybody, one at a time."""
        return map(self.person, range(self.people))

    def case(self, index: int) -> Case:
        """Give the case that a person belongs to."""
        return self._cast[index % cases.VILLAGE][0]

    def person(self, index: int) -> Person:
        """Person number `index`, also beyond `people`: those are yet to come."""
        case, offset = self._cast[index % cases.VILLAGE]
        return self._person(index, case, offset, self._numbers(index))

    def seen_in(self, source: str, indexes: Iterable[int]) -> Iterator[Person]:
        """Yield those of the people whom a source knows; the others are passed over without being made."""
        for index in indexes:
            case, offset = self._cast[index % cases.VILLAGE]
            numbers = self._numbers(index)
            if cases.life_of(case, numbers[_LIFE]).by_source[source]:
                yield self._person(index, case, offset, numbers)

    def _person(self, index: int, case: Case, offset: int, numbers: tuple[int, ...]) -> Person:
        kin = self._numbers(index - offset) if offset and case.name == "family_phone" else numbers
        abroad = OLD_FORM_COUNTRIES if case.name == "old_phone_form" else MIX
        country = abroad[kin[_COUNTRY] % len(abroad)]
        language = country.languages[kin[_LANGUAGE] % len(country.languages)]
        given, family = names.GIVEN[language], names.FAMILY[language]
        return Person(
            index=index,
            case=case,
            anchor=index - offset,
            numbers=numbers,
            kin=kin,
            country=country,
            language=language,
            given=given[numbers[_GIVEN] % len(given)],
            family=family[kin[_FAMILY] % len(family)],
            life=cases.life_of(case, numbers[_LIFE]),
            joined=self._joined(numbers),
        )

    def _numbers(self, index: int) -> tuple[int, ...]:
        return draws.numbers(draws.digest(f"{self.seed}:{index}"))

    def _joined(self, numbers: tuple[int, ...]) -> int:
        """Choose a moment of the last three years: the business grows, so most of them are recent."""
        age = (_SECONDS_BACK * numbers[_AGE] * numbers[_AGE] >> 32) + numbers[_MINUTE] % 86_400
        return self.now - 86_400 - age
