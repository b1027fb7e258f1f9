"""Which decisions say the same, and which cannot stand together."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any, NamedTuple

from stage_first.decisions import EMPTY
from stage_first.settings import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from stage_first.decisions import Decision

SAME, DIFFERENT = "same_person", "different_people"
NEW = 0
"""Stands for the decision that is about to be made."""


class Pair(NamedTuple):
    """Two records of which a decision speaks."""

    number: int
    one: str
    other: str


def pairs(decisions: Iterable[Decision], said: str) -> list[Pair]:
    """The pairs of which something is said; one whose record is gone, or in another business, does not count."""
    return [
        Pair(decision.decision_id, str(decision.record_key), str(decision.other_record_key))
        for decision in decisions
        if decision.decision == said and not decision.is_orphaned and not decision.is_across_businesses
    ]


def chain(same: Iterable[Pair], one: str, other: str) -> list[int]:
    """The fewest decisions "same person" that lead from one record to the other; none if nothing joins them."""
    ways: dict[str, list[tuple[str, int]]] = {}
    for pair in same:
        ways.setdefault(pair.one, []).append((pair.other, pair.number))
        ways.setdefault(pair.other, []).append((pair.one, pair.number))
    reached: dict[str, list[int]] = {one: []}
    waiting = deque([one])
    while waiting and other not in reached:
        here = waiting.popleft()
        for there, number in ways.get(here, []):
            if there not in reached:
                reached[there] = [*reached[here], number]
                waiting.append(there)
    return reached.get(other, [])


def contradictions(decisions: Iterable[Decision]) -> dict[int, list[int]]:
    """Of each decision "different people" that does not count, the decisions "same person" against it."""
    decisions = list(decisions)
    same = pairs(decisions, SAME)
    found = {pair.number: chain(same, pair.one, pair.other) for pair in pairs(decisions, DIFFERENT)}
    return {number: against for number, against in found.items() if against}


def check_new(decisions: list[Decision], **columns: Any) -> None:
    """Raise a sentence if a standing decision says the same."""
    wanted = {**EMPTY, **columns}
    pair = frozenset((wanted.pop("record_key"), wanted.pop("other_record_key")))
    wanted.pop("business")
    for decision in decisions:
        if decision.pair == pair and all(getattr(decision, name) == value for name, value in wanted.items()):
            raise UsageError(f"{told(decision)} says so already.")


def check_same(decisions: list[Decision], one: str, other: str) -> None:
    """Raise a sentence if "same person" would join whom a standing decision keeps apart."""
    check_pairs(decisions, [Pair(NEW, one, other)], [])


def check_pairs(decisions: list[Decision], joined: list[Pair], apart: list[Pair]) -> None:
    """Raise a sentence if new pairs of one person, or of two, contradict what stands."""
    same = [*pairs(decisions, SAME), *joined]
    group_of = joined_groups(same)
    for pair in pairs(decisions, DIFFERENT):
        if pair.one in group_of and group_of[pair.one] == group_of.get(pair.other):
            _check_apart(decisions, same, pair)
    for pair in apart:
        check_different(decisions, pair.one, pair.other)


def _check_apart(decisions: list[Decision], same: list[Pair], apart: Pair) -> None:
    against = chain(same, apart.one, apart.other)
    if NEW in against:
        others = [number for number in against if number != NEW]
        would = f"this would make them one{f' (with {numbered(others)})' if others else ''}"
        said = f"{told(_of(decisions, apart.number))} says that {apart.one} and {apart.other} are different people"
        raise UsageError(f"{said}, and {would}. {_withdraw(apart.number)}")


def joined_groups(same: Iterable[Pair]) -> dict[str, str]:
    """Of each record that is joined with another, a record that stands for all that are joined with it."""
    leader: dict[str, str] = {}

    def lead(record: str) -> str:
        while leader.setdefault(record, record) != record:
            leader[record] = record = leader[leader[record]]
        return record

    for pair in same:
        leader[lead(pair.one)] = lead(pair.other)
    return {record: lead(record) for record in list(leader)}


def check_different(decisions: list[Decision], one: str, other: str) -> None:
    """Raise a sentence if standing decisions make one person of the two."""
    against = chain(pairs(decisions, SAME), one, other)
    if against:
        said = " and ".join(told(_of(decisions, number)) for number in against)
        says = "says" if len(against) == 1 else "together say"
        raise UsageError(f"{said} {says} that {one} and {other} are the same person. {_withdraw(against[0])}")


def told(decision: Decision) -> str:
    """Which decision, by whom, when and why."""
    because = f": {decision.reason}" if decision.reason else ""
    return f"Decision {decision.decision_id} ({decision.decided_by}, {decision.decided_at:%Y-%m-%d}{because})"


def numbered(numbers: list[int]) -> str:
    """Several decisions by their numbers."""
    return f"decision{'s' if len(numbers) > 1 else ''} {', '.join(map(str, numbers))}"


def _withdraw(number: int) -> str:
    return f'If you are sure, withdraw it first: `stage-first withdraw {number} --because "..."`.'


def _of(decisions: list[Decision], number: int) -> Decision:
    return next(decision for decision in decisions if decision.decision_id == number)
