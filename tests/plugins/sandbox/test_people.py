from __future__ import annotations

import unicodedata
from collections import Counter, defaultdict
from datetime import timedelta
from pathlib import Path

import pytest
from sandbox.appearances import appearances
from sandbox.cases import CASES, SOURCES, VILLAGE
from sandbox.people import EPOCH, Person, World

README = Path(__file__).parents[3] / "plugins" / "sandbox" / "README.md"


@pytest.fixture(scope="module")
def world() -> World:
    return World(7, 2000)


@pytest.fixture(scope="module")
def people(world: World) -> list[Person]:
    return list(world)


def facts(person: Person) -> tuple[object, ...]:
    phone = person.phone("own")
    assert phone is not None
    return (person.true_id, person.case.name, person.country.code, person.email("own"), phone[1:], person.joined)


def test_a_person_depends_on_seed_and_index_alone() -> None:
    alone = [facts(World(7, 1).person(index)) for index in (999, 3, 1503)]
    assert alone == [facts(World(7, 50_000).person(index)) for index in (999, 3, 1503)]
    assert alone != [facts(World(8, 50_000).person(index)) for index in (999, 3, 1503)]


def test_a_later_epoch_moves_every_date_by_as_much() -> None:
    today, next_week = World(7, 50), World(7, 50, EPOCH + timedelta(days=7))
    moved = {later.joined - person.joined for person, later in zip(today, next_week, strict=True)}
    assert moved == {7 * 86_400}
    assert all(person.joined < today.now for person in today)


def test_each_thousand_people_hold_the_cases_at_their_rates(people: list[Person]) -> None:
    rates = {case.name: sum(case.groups) for case in CASES}
    for village in (people[:VILLAGE], people[VILLAGE:]):
        counted = Counter(person.case.name for person in village)
        assert counted.pop("plain") == VILLAGE - sum(rates.values())
        assert counted == rates


def test_readme_tells_the_cases_and_rates() -> None:
    text = README.read_text("utf-8")
    assert all(f"| {case.name} | {sum(case.groups)} | {case.story} |" in text for case in CASES)


def test_everybody_is_seen_somewhere_and_cases_as_told(people: list[Person]) -> None:
    for person in people:
        assert person.life.sightings
        assert person.life.sightings[: len(person.case.sightings)] == person.case.sightings


def test_seen_in_passes_over_only_those_whom_the_source_does_not_know(world: World, people: list[Person]) -> None:
    for source in SOURCES:
        known = [person.index for person in people if person.life.by_source[source]]
        assert [person.index for person in world.seen_in(source, range(2000))] == known
        assert 0 < len(known) < 2000


def test_plain_people_can_be_joined(people: list[Person]) -> None:
    for person in people:
        seen = person.life.sightings
        if person.case.name == "plain" and any(not sighting.email for sighting in seen):
            assert any(sighting.email == "own" and sighting.phone == "own" for sighting in seen)


def test_no_two_people_share_what_is_theirs(people: list[Person]) -> None:
    emails = [person.email(which) for person in people for which in ("own", "second", "typo")]
    assert len(set(emails)) == len(emails)
    phones = [person.phone(which) for person in people for which in ("own", "second")]
    assert len(set(phones)) == len(phones)


def test_a_family_shares_name_and_phone_but_no_email(people: list[Person]) -> None:
    families = defaultdict(list)
    for person in people:
        if person.case.name == "family_phone":
            families[person.anchor].append(person)
    assert Counter(map(len, families.values())) == {2: 20, 3: 12, 4: 6}
    for family in families.values():
        assert len({person.full_family for person in family}) == 1
        assert len({person.phone("shared") for person in family}) == 1
        assert len({person.email("own") for person in family}) == len(family)


def folded(text: str) -> str:
    letters = unicodedata.normalize("NFKD", text.casefold())
    return " ".join("".join(letter if letter.isalnum() else " " for letter in letters if letter.isascii()).split())


@pytest.mark.parametrize(("case", "limit"), [("shop_phone", 5), ("shared_inbox", 10)])
def test_shared_values_stand_under_more_names_than_the_limit(
    world: World, people: list[Person], case: str, limit: int
) -> None:
    names = defaultdict(set)
    for person in people:
        for contact in appearances(world, person, "ghl"):
            if person.case.name == case:
                names[person.anchor].add(folded(contact.full_name))
    assert len(names) == 2
    assert all(len(of_one_value) > limit for of_one_value in names.values())


def test_nobody_has_so_many_names_that_his_own_phone_counts_as_shared(world: World, people: list[Person]) -> None:
    for person in people:
        seen = [seen for source in SOURCES for seen in appearances(world, person, source)]
        assert len({folded(appearance.full_name) for appearance in seen}) <= 3


def test_no_family_has_so_many_names_that_its_phone_counts_as_shared() -> None:
    names = defaultdict(set)
    for seed in (1, 2, 3):
        world = World(seed, 3000)
        for person in world:
            if person.case.name == "family_phone":
                for source in SOURCES:
                    seen = appearances(world, person, source)
                    names[seed, person.anchor] |= {folded(appearance.full_name) for appearance in seen}
    assert max(map(len, names.values())) <= 4


def test_names_have_what_real_names_have(world: World, people: list[Person]) -> None:
    written = [seen.full_name for person in people for seen in appearances(world, person, "ghl")]
    for told in ("é", "ñ", "ã", "🌸", "🚀", "(VIP)", "de la ", "da Silva", "O'Brien", "y "):
        assert any(told in name for name in written), told
    capitals = sum(name.isupper() for name in written)
    assert len(written) * 0.03 < capitals < len(written) * 0.10
