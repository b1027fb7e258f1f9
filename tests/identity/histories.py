"""Small and nasty worlds, and what happens in them: few values, many collisions, chains, contested free groups."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from itertools import combinations
from typing import Any

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from identity_check.worlds import Identifier, Pair, Record, Rules, World

RULES = Rules(
    order=("card", "email", "phone", "chat", "visit"),
    exclusive=frozenset({"email"}),
    max_names={"email": 3, "phone": 2},
    blocked=frozenset({("email", "no@mail"), ("phone", "0")}),
)
OTHER_RULES = Rules(
    order=("visit", "phone", "email", "chat"),
    exclusive=frozenset({"visit", "email"}),
    max_names={"phone": 1},
    blocked=RULES.blocked,
    max_records=5,
)
KEYS = ("a", "B", "A", "10", "9", "é", "z-1", "z_1", "b")
GONE = "was never here"
NAMES = ("Ana", "ÁNA", " ana.", "Luis", "Eva Ruiz", "Eva", "Juan", "Rosa", "Pedro", "·", "")
BUSINESSES = ("main", "main", "main", "branch")
DECISIONS = ("same", "different", "not_theirs", "shared", "blocked", "later")
_VALUES = ("1", "2", "3")


@st.composite
def worlds(draw: st.DrawFn, rules: Rules) -> World:
    """Two to nine records and, in half of the worlds, decisions about them."""
    shape = draw(st.sampled_from([soup, crowd, chain, bridge]))
    identifiers = draw(shape(rules))
    names = draw(st.lists(st.sampled_from(NAMES), min_size=9, max_size=9))
    loaded = draw(st.lists(st.integers(0, 3), min_size=9, max_size=9))
    business = draw(st.sampled_from([("main",) * 9, BUSINESSES * 3]))
    parts = zip(KEYS, loaded, names, business, identifiers, strict=False)
    records = tuple(Record(*part) for part in parts)
    return draw(decisions(World(records))) if draw(st.booleans()) else World(records)


def soup(rules: Rules) -> st.SearchStrategy[list[frozenset[Identifier]]]:
    """Anybody may hold anything."""
    return st.lists(st.frozensets(identifiers(rules), max_size=3), min_size=3, max_size=9)


@st.composite
def crowd(draw: st.DrawFn, rules: Rules) -> list[frozenset[Identifier]]:
    """Nearly everybody holds one value of a kind that has a limit."""
    value = (draw(st.sampled_from(sorted(rules.max_names))), "1")
    return [held if place == 0 else held | {value} for place, held in enumerate(draw(soup(rules)))]


@st.composite
def chain(draw: st.DrawFn, rules: Rules) -> list[frozenset[Identifier]]:
    """Each record has a value in common with the next, of one kind or of changing ones."""
    length = draw(st.integers(3, 9))
    kinds = draw(st.lists(st.sampled_from(rules.order), min_size=length, max_size=length))
    links = [(kind, f"link {place}") for place, kind in enumerate(kinds)]
    extra = draw(st.lists(st.frozensets(identifiers(rules), max_size=1), min_size=length, max_size=length))
    return [frozenset({links[place - 1], links[place]}) | extra[place] for place in range(length)]


@st.composite
def bridge(draw: st.DrawFn, rules: Rules) -> list[frozenset[Identifier]]:
    """Anchored records, and free ones that share values of weaker kinds with some of them."""
    strong = draw(st.sampled_from(sorted(rules.exclusive)))
    weak = st.sampled_from([kind for kind in rules.order if kind not in rules.exclusive])
    values = st.frozensets(st.tuples(weak, st.sampled_from(_VALUES)), min_size=1, max_size=3)
    anchored = draw(st.lists(values, min_size=2, max_size=4))
    free = draw(st.lists(values, min_size=1, max_size=5))
    return [held | {(strong, str(place % 3))} for place, held in enumerate(anchored)] + free


def identifiers(rules: Rules) -> st.SearchStrategy[Identifier]:
    """Few values; sometimes a blocked one, or one of a kind without a rule."""
    common = st.tuples(st.sampled_from(rules.order), st.sampled_from(_VALUES))
    return common | common | common | st.sampled_from([*sorted(rules.blocked), ("colour", "red")])


@st.composite
def decisions(draw: st.DrawFn, world: World) -> World:
    """Up to three decisions of each kind, also about records that are not there and against each other."""
    for _ in range(draw(st.integers(1, 6))):
        world = toggled(world, *draw(decision(world)))
    return world


@st.composite
def decision(draw: st.DrawFn, world: World) -> tuple[str, tuple[str, ...]]:
    """A field of the world and what is decided."""
    keys = [record.key for record in world.records]
    held = Counter(value for record in world.records for value in record.identifiers)
    linking = sorted(value for value, holders in held.items() if holders > 1)
    is_linking = draw(st.booleans())
    values = (is_linking and linking) or sorted(held) or [("phone", "1")]
    field = draw(
        st.sampled_from(["same", "different", "different", "different", "not_theirs", "shared", "blocked", "later"])
    )
    value = draw(st.sampled_from(values))
    if field in {"same", "different"}:
        far = [*combinations(keys, 2), (GONE, keys[0]), (GONE, keys[-1])]
        is_near: bool = draw(st.booleans())
        near = pairs_that_hold(value, world)
        return field, draw(st.sampled_from(near if near and is_near else far))
    if field == "not_theirs":
        return field, (draw(st.sampled_from([*keys, *keys, *keys, GONE])), *value)
    return field, (draw(st.sampled_from(BUSINESSES)), *value) if field == "later" else value


def pairs_that_hold(value: Identifier, world: World) -> list[Pair]:
    """Pairs of records that have a value in common."""
    return list(combinations([record.key for record in world.records if value in record.identifiers], 2))


def toggled(world: World, field: str, decided: tuple[str, ...]) -> World:
    """The world after a decision was made, or withdrawn if it stood."""
    standing = getattr(world, field)
    if field in {"same", "different"} and decided[::-1] in standing:
        decided = decided[::-1]
    return replace(world, **{field: standing ^ {decided}})


@st.composite
def histories(draw: st.DrawFn, rules: Rules, days: int) -> list[World]:
    """A world day by day: records arrive, change, lose what they held, and decisions are made and withdrawn."""
    whole = draw(worlds(rules))
    here = draw(st.integers(min(2, len(whole.records)), len(whole.records)))
    world, waiting = replace(whole, records=whole.records[:here]), list(whole.records[here:])
    history = [world]
    for _ in range(days):
        for _ in range(draw(st.sampled_from([2, 1, 3, 4, 0]))):
            world = draw(changed(world, rules, waiting))
        history.append(world)
    return history


@st.composite
def changed(draw: st.DrawFn, world: World, rules: Rules, waiting: list[Record]) -> World:
    """The world after one thing happened."""
    what = draw(st.sampled_from(["arrival", "decision", "edit", "edit"]))
    if what == "arrival" and waiting:
        return replace(world, records=(*world.records, waiting.pop()))
    if what == "decision":
        standing = [(name, decided) for name in DECISIONS for decided in sorted(getattr(world, name))]
        is_withdrawn = bool(standing) and draw(st.booleans())
        return toggled(world, *draw(st.sampled_from(standing) if is_withdrawn else decision(world)))
    place = draw(st.integers(0, len(world.records) - 1))
    record = draw(edited(world.records[place], rules, world))
    return replace(world, records=(*world.records[:place], record, *world.records[place + 1 :]))


@st.composite
def edited(draw: st.DrawFn, record: Record, rules: Rules, world: World) -> Record:
    """The record with another name, with a value more or less, with none, or as a deletion leaves it."""
    what = draw(st.sampled_from(["name", "more", "more", "less", "nothing", "deleted"]))
    if what == "name":
        return replace(record, name=draw(st.sampled_from(NAMES)))
    if what == "deleted":
        return replace(record, is_deleted=not record.is_deleted)
    if what == "more":
        others = sorted({value for other in world.records for value in other.identifiers})
        value = draw(st.sampled_from(others) if others and draw(st.booleans()) else identifiers(rules))
        return replace(record, identifiers=record.identifiers | {value})
    if what == "less" and record.identifiers:
        return replace(record, identifiers=record.identifiers - {draw(st.sampled_from(sorted(record.identifiers)))})
    return replace(record, identifiers=frozenset())


def many(strategy: st.SearchStrategy[Any], count: int) -> list[Any]:
    """As many different examples as one run of dbt can take at once; the same ones every time."""
    found: list[Any] = []

    @settings(
        max_examples=count,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(strategy)
    def collect(example: Any) -> None:
        found.append(example)

    collect()
    return found
