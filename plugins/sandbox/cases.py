"""The hard cases of identity, how often each occurs, and in which sources its people are seen with what."""

from __future__ import annotations

from typing import NamedTuple

from sandbox import draws

SOURCES = ("ghl", "manychat", "stripe", "paypal", "shopify", "hotmart")
VILLAGE = 1000
"""Every thousand people hold the same cases, so rates are exact and a group's members stand side by side."""


class Sighting(NamedTuple):
    """A source that knows the person, and the e-mail and phone it was given: own, second, typo, shared or none."""

    source: str
    email: str = ""
    phone: str = ""
    form: str = ""
    """How the phone is written; empty = as this source usually does."""
    link: str = ""
    """Another source whose id of the same person stands in this record."""
    guest: bool = False
    """Paid without an account."""


Sightings = tuple[Sighting, ...]


class Case(NamedTuple):
    """A way in which records of one person are hard to join, or those of several hard to keep apart."""

    name: str
    groups: tuple[int, ...]
    """Sizes of its groups in each village of 1,000 people."""
    sightings: Sightings
    story: str
    clients: int = 1
    """How many clients the default rules make of one such person: where nothing but a phone links, a human decides."""
    conflicts: int = 0
    """How many contested values the default rules find in one such group."""
    one_spelling: bool = False
    """Names are written alike everywhere: four people with three spellings each would pass for a shop's phone."""


PLAIN = Case("plain", (), (), "the e-mail is the same everywhere, or a GHL contact has both e-mail and phone")
CASES = (
    Case(
        "family_phone",
        (2,) * 10 + (3,) * 6 + (4,) * 3,
        (Sighting("ghl", "own", "shared"), Sighting("stripe", "own"), Sighting("hotmart", "own", "shared")),
        "2 to 4 people with one phone and one family name, each with an own e-mail: not the same person",
        conflicts=1,
        one_spelling=True,
    ),
    Case(
        "shop_phone",
        (12,),
        (Sighting("ghl", "own", "shared"), Sighting("shopify", "own", "own")),
        "a shop's phone on 12 people: says nothing about who they are",
    ),
    Case(
        "shared_inbox",
        (14,),
        (Sighting("ghl", "shared", "own"), Sighting("stripe", "own"), Sighting("shopify", "own", "own")),
        "an info@ address on 14 people, each also seen with an own e-mail and phone",
    ),
    Case(
        "email_typo",
        (1,) * 25,
        (Sighting("ghl", "own", "own"), Sighting("shopify", "typo", "own"), Sighting("stripe", "own")),
        "the e-mail is misspelt in one source; the phone is the same",
        clients=2,
        conflicts=1,
    ),
    Case(
        "two_emails",
        (1,) * 30,
        (Sighting("ghl", "own", "own"), Sighting("shopify", "second", "own"), Sighting("stripe", "own")),
        "two e-mails, linked by nothing but the phone",
        clients=2,
        conflicts=1,
    ),
    Case(
        "guest",
        (1,) * 40,
        (Sighting("stripe", "own", guest=True), Sighting("paypal", "own")),
        "pays without an account; the e-mail of the payment is all there is",
    ),
    Case(
        "name_only",
        (1,) * 10,
        (Sighting("ghl"), Sighting("stripe", "own")),
        "a contact that holds a name and nothing else, of somebody known elsewhere: cannot be joined",
        clients=2,
    ),
    Case(
        "duplicate",
        (1,) * 20,
        (
            Sighting("ghl", "own", "own"),
            Sighting("ghl", "own", "second"),
            Sighting("stripe", "own"),
            Sighting("stripe", "own"),
        ),
        "twice in one source: two contacts and two Stripe customers",
    ),
    Case(
        "chain",
        (1,) * 20,
        (Sighting("stripe", "own"), Sighting("ghl", "own", "own"), Sighting("manychat", "", "own")),
        "Stripe and GHL share the e-mail, GHL and ManyChat the phone: one person in two steps",
    ),
    Case(
        "old_phone_form",
        (1,) * 30,
        (Sighting("ghl", "own", "own"), Sighting("manychat", "", "own", "old"), Sighting("shopify", "own", "own")),
        "only the phone joins the chat, written with Mexico's 1, without Argentina's 9 or Brazil's ninth digit",
    ),
    Case(
        "no_plus",
        (1,) * 20,
        (Sighting("hotmart", "own", "own"), Sighting("manychat", "", "own", "no_plus")),
        "only the phone joins the chat, and it is written without plus",
    ),
    Case(
        "stripe_id_in_ghl",
        (1,) * 15,
        (Sighting("ghl", "second", "own", link="stripe"), Sighting("stripe", "own")),
        "two e-mails; a GHL custom field holds the Stripe customer id",
    ),
    Case(
        "ghl_id_in_stripe",
        (1,) * 10,
        (Sighting("ghl", "", "own"), Sighting("stripe", "own", link="ghl")),
        "a contact without e-mail; the metadata of the Stripe customer hold its id",
    ),
)

_ALSO_PAYPAL = Sighting("paypal", "own")
_ALSO_PAYPAL_PER_HUNDRED = 25
_HABITS = {"ghl": 64, "manychat": 32, "stripe": 30, "paypal": 13, "shopify": 18, "hotmart": 16}
"""In how many of a hundred plain lives each source occurs."""
_PHONE_ONLY_CHATS = 60
_WITH_PHONE = 50
_LINKED = 20
_PLAIN_LIVES = 1024


class Life(NamedTuple):
    """All sightings of a person, and the same by source."""

    sightings: Sightings
    by_source: dict[str, Sightings]


def _life(sightings: Sightings) -> Life:
    by_source = {source: tuple(sighting for sighting in sightings if sighting.source == source) for source in SOURCES}
    return Life(sightings, by_source)


_LINKS = {"ghl": ("stripe", "manychat"), "stripe": ("ghl",)}
"""Whose ids a source has a place for."""


def _plain_sighting(source: str, number: int, seen: frozenset[str]) -> Sighting:
    linkable = [other for other in _LINKS.get(source, ()) if other in seen]
    link = linkable[number // 1000 % len(linkable)] if linkable and draws.chance(number, _LINKED) else ""
    if source == "manychat" and "ghl" in seen and draws.chance(number, _PHONE_ONLY_CHATS):
        return Sighting(source, "", "own")
    phone = "own" if source == "ghl" or draws.chance(number // 100, _WITH_PHONE) else ""
    return Sighting(source, "own", phone, link=link)


def _plain_life(which: int) -> Life:
    number = draws.numbers(draws.digest(f"plain life {which}"))
    by_habit = zip(SOURCES, number, strict=False)
    seen = frozenset(source for source, drawn in by_habit if draws.chance(drawn, _HABITS[source]))
    seen = seen or frozenset({"ghl"})
    known = ((source, number[place + 8]) for place, source in enumerate(SOURCES) if source in seen)
    return _life(tuple(_plain_sighting(source, drawn, seen) for source, drawn in known))


_PLAIN = tuple(_plain_life(which) for which in range(_PLAIN_LIVES))
_HARD = {case.name: (_life(case.sightings), _life((*case.sightings, _ALSO_PAYPAL))) for case in CASES}


def life_of(case: Case, number: int) -> Life:
    """Choose the sightings of a person of this case."""
    if case is PLAIN:
        return _PLAIN[number % _PLAIN_LIVES]
    seen_by_paypal = case.name != "guest" and draws.chance(number, _ALSO_PAYPAL_PER_HUNDRED)
    return _HARD[case.name][seen_by_paypal]


def cast(seed: int) -> tuple[tuple[Case, int], ...]:
    """Give each place of a village its case, and how many places before it the group began."""
    groups = [(case, size) for case in CASES for size in case.groups]
    groups += [(PLAIN, 1)] * (VILLAGE - sum(size for _, size in groups))
    shuffled = sorted(range(len(groups)), key=lambda place: draws.digest(f"{seed}:cast:{place}"))
    return tuple((groups[place][0], offset) for place in shuffled for offset in range(groups[place][1]))


def outcome(people: int) -> dict[str, int] | None:
    """Count clients and open conflicts after the default rules; groups cut by the world's end have no fixed number."""
    villages, rest = divmod(people, VILLAGE)
    if rest:
        return None
    doubled = sum((case.clients - 1) * sum(case.groups) for case in CASES)
    contested = sum(case.conflicts * len(case.groups) for case in CASES)
    return {"clients": people + villages * doubled, "conflicts": villages * contested}
