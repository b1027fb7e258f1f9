"""The reference model itself, on cases that a person can check by eye."""

from __future__ import annotations

from identity.reference import Business, client_id, comparable_name, resolve
from identity_check.worlds import Pair, Record, Rules, World

RULES = Rules(
    order=("stripe_customer_id", "email", "phone_e164", "ghl_contact_id"),
    exclusive=frozenset({"email"}),
    max_names={"email": 10, "phone_e164": 2},
)


def person(key: str, *identifiers: Pair, name: str = "", first_loaded: int = 1, business: str = "main") -> Record:
    return Record(key, first_loaded, name, business, frozenset(identifiers))


def clients(world: World, rules: Rules = RULES) -> set[frozenset[str]]:
    return set(resolve(world, rules).partition)


def test_a_chain_is_one_client_whatever_its_length() -> None:
    chain = tuple(person(f"r{n}", ("email", f"e{n}"), ("email", f"e{n + 1}")) for n in range(6))
    assert clients(World(chain)) == {frozenset(f"r{n}" for n in range(6))}


def test_ana_keeps_her_charge_and_luis_stands_alone() -> None:
    phone = ("phone_e164", "+525512345678")
    world = World(
        (person("ana", ("email", "ana@x"), phone), person("charge", phone), person("luis", phone)),
        different=frozenset({("ana", "luis")}),
    )
    assert clients(world) == {frozenset({"ana", "charge"}), frozenset({"luis"})}
    assert [(c.reason, c.status) for c in resolve(world, RULES).conflicts] == [("kept_apart", "solved")]


def test_a_free_group_between_two_anchored_ones_joins_neither() -> None:
    phone = ("phone_e164", "+525512345678")
    world = World((person("a", ("email", "a@x"), phone), person("b", ("email", "b@x"), phone), person("c", phone)))
    assert clients(world) == {frozenset("a"), frozenset("b"), frozenset("c")}
    assert [(c.reason, c.status) for c in resolve(world, RULES).conflicts] == [("ambiguous", "open")]


def test_a_shared_value_is_withdrawn_name_by_name() -> None:
    phone = ("phone_e164", "+525512345678")
    family = tuple(person(name, phone, name=name) for name in ("ana", "luis", "eva"))
    assert clients(World(family)) == {frozenset({name}) for name in ("ana", "luis", "eva")}
    assert clients(World(family, not_theirs=frozenset({("eva", *phone)}))) == {
        frozenset({"ana", "luis"}),
        frozenset({"eva"}),
    }


def test_same_person_holds_against_different_people_but_not_through_an_absent_record() -> None:
    pair = (person("a", ("email", "a@x")), person("c", ("email", "c@x")))
    same, different = frozenset({("a", "b"), ("b", "c")}), frozenset({("a", "c")})
    assert clients(World(pair, same, different)) == {frozenset("a"), frozenset("c")}
    three = World((*pair, person("b", ("email", "b@x"))), same, different)
    assert clients(three) == {frozenset("abc")}
    assert resolve(three, RULES).contradictions == different


def test_rows_that_an_undecided_client_ties_are_one_case() -> None:
    phone, other_phone, contact = ("phone_e164", "+1"), ("phone_e164", "+2"), ("ghl_contact_id", "c")
    world = World((
        person("a", ("email", "a@x"), phone), person("b", ("email", "b@x"), other_phone, contact),
        person("free", phone, other_phone), person("d", ("email", "d@x"), contact),
    ))  # fmt: skip
    cases = Business(world, RULES, "main").cases()
    assert {frozenset(row.value for row in case) for case in cases} == {frozenset({"+1", "+2"}), frozenset({"c"})}


def test_the_founding_record_is_the_first_loaded_then_the_smallest_in_byte_order() -> None:
    email = ("email", "ana@x")
    late, low, high = person("A", email, first_loaded=2), person("Z", email), person("a", email)
    assert resolve(World((late, high, low)), RULES).founder == {"A": "Z", "Z": "Z", "a": "Z"}
    assert str(client_id("Z"))[14] == "8"


def test_names_are_compared_as_a_person_reads_them() -> None:
    same = ["José  Peña", "JOSE\u0301 PENA", "  josé-peña. "]
    assert {comparable_name(name) for name in same} == {"jose pena"}
    assert comparable_name(" · ") == ""
