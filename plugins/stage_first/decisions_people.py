"""Decisions about two people: who is the same person, and who is not."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

from stage_first.decisions import Decided, deciding, write
from stage_first.decisions_checks import DIFFERENT, SAME, check_different, check_new, check_same, numbered, pairs
from stage_first.decisions_values import (
    conflict_named,
    find_client,
    find_record,
    founding_record,
    holders,
    record_named,
)
from stage_first.queries import fetch
from stage_first.settings import NEXT, UsageError

if TYPE_CHECKING:
    from stage_first.decisions import Connection, Decision
    from stage_first.decisions_values import Record


def same_person(connection: Connection, one: str, other: str, because: str | None, who: str | None = None) -> Decided:
    """Join two records (of a client that is named instead: its founding record).

    Raises:
        UsageError: they cannot be joined, or a standing decision keeps them apart.
    """
    with deciding(connection) as decisions:
        first, second = find_record(connection, one), find_record(connection, other)
        _check_two(first, second)
        pair = {"decision": SAME, "record_key": first.record_key, "other_record_key": second.record_key}
        check_new(decisions, **pair)
        check_same(decisions, first.record_key, second.record_key)
        number = write(connection, because, who, business=first.business, **pair)
    return Decided([number], f"{number}: {first} and {second} are the same person. {NEXT}")


def different_people(
    connection: Connection, one: str, other: str, because: str | None, who: str | None = None
) -> Decided:
    """Keep two records apart; of clients that are named instead, the first loaded that hold what they both hold.

    Raises:
        UsageError: they are no two people of one business, or standing decisions join them.
    """
    with deciding(connection) as decisions:
        first, second = _two_people(connection, one, other)
        _check_two(first, second)
        number = _keep_apart(connection, decisions, first, second, because, who)
    return Decided([number], f"{number}: {first} and {second} are different people. {NEXT}")


def different_in_conflict(
    connection: Connection, conflict_id: str, because: str | None, who: str | None = None
) -> Decided:
    """Keep each two clients of a conflict apart, whom no decision keeps apart yet: the conflict is solved.

    Raises:
        UsageError: there is no such conflict, or all of it is decided.
    """
    with deciding(connection) as decisions:
        conflict = conflict_named(connection, conflict_id)
        holding = [
            record
            for holder in holders(connection, conflict.kind, conflict.value)
            if holder.business == conflict.business and (record := record_named(connection, holder.record_key))
        ]
        apart = clients_apart(decisions)
        undecided = [
            (one, other)
            for one, other in combinations(holding, 2)
            if frozenset((one.client_id, other.client_id)) not in apart
        ]
        if not undecided:
            raise UsageError(f"Decisions keep all clients of the conflict about {conflict.value} apart already.")
        numbers = [_keep_apart(connection, decisions, one, other, because, who) for one, other in undecided]
    people = "; ".join(map(str, holding))
    return Decided(numbers, f"{numbered(numbers).capitalize()}: these are different people: {people}. {NEXT}")


def clients_apart(decisions: list[Decision]) -> set[frozenset[str | None]]:
    """Each two clients that a standing decision keeps apart."""
    standing = {pair.number for pair in pairs(decisions, DIFFERENT)}
    return {frozenset((each.client_id, each.other_client_id)) for each in decisions if each.decision_id in standing}


def _keep_apart(
    connection: Connection, decisions: list[Decision], one: Record, other: Record, because: str | None, who: str | None
) -> int:
    pair = {"decision": DIFFERENT, "record_key": one.record_key, "other_record_key": other.record_key}
    check_new(decisions, **pair)
    check_different(decisions, one.record_key, other.record_key)
    return write(connection, because, who, business=one.business, **pair)


def _two_people(connection: Connection, one: str, other: str) -> tuple[Record, Record]:
    """The two records: as they are named, else those of the named clients by which they were nearly joined."""
    named = {text: record_named(connection, text) for text in (one, other)}
    clients = {text: found.client_id if found else find_client(connection, text) for text, found in named.items()}
    if clients[one] == clients[other] and None in named.values():
        hint = f"name two of its records (`stage-first explain {clients[one]}` lists them)"
        raise UsageError(f"Both are the client {clients[one]}: {hint}.")
    rows = fetch(connection, "contested_records", {"one": clients[one], "other": clients[other]})
    contested = {row["client_id"]: record_named(connection, row["record_key"]) for row in rows}
    first, second = (
        named[text] or contested.get(clients[text]) or founding_record(connection, clients[text])
        for text in (one, other)
    )
    return first, second


def _check_two(one: Record, other: Record) -> None:
    if one.record_key == other.record_key:
        raise UsageError(f"Both are the record {one}: name two.")
    if one.business != other.business:
        raise UsageError(
            f"{one} belongs to the business {one.business}, {other} to {other.business}: "
            "records of two businesses never meet, so there is nothing to decide."
        )
