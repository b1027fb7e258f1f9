"""Decisions about a record: which values are not theirs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stage_first.decisions import Decided, deciding, write
from stage_first.decisions_checks import SAME, check_new, numbered, pairs, told
from stage_first.decisions_values import clean_value, find_record
from stage_first.queries import fetch
from stage_first.settings import NEXT, UsageError

if TYPE_CHECKING:
    from stage_first.decisions import Connection, Decision
    from stage_first.decisions_values import Record

NOT_THEIRS = "not_theirs"


def not_theirs(
    connection: Connection, record: str, kind: str, value: str, because: str | None, who: str | None = None
) -> Decided:
    """Let a value of one record count nowhere.

    Raises:
        UsageError: the record does not hold it.
    """
    with deciding(connection) as decisions:
        found, cleaned = find_record(connection, record), clean_value(connection, kind, value)
        row = {"decision": NOT_THEIRS, "record_key": found.record_key, "kind": kind, "value": cleaned}
        check_new(decisions, **row)
        held = [f"{each['kind']} {each['value']}" for each in held_values(connection, found)]
        if f"{kind} {cleaned}" not in held:
            raise UsageError(f"{found} does not hold {kind} {cleaned}. It holds: {', '.join(held) or 'nothing'}.")
        number = write(connection, because, who, business=found.business, **row)
    return Decided([number], f"{number}: {kind} {cleaned} is not theirs, for {found}. {NEXT}")


def split_off(connection: Connection, record: str, because: str | None, who: str | None = None) -> Decided:
    """Take a record out of its client: every value that links it to the others there is not theirs.

    Raises:
        UsageError: nothing links it, or a decision "same person" does.
    """
    with deciding(connection) as decisions:
        found = find_record(connection, record)
        _check_not_joined(decisions, found)
        linking = [each for each in held_values(connection, found) if each["linked_count"] and not each["excluded"]]
        if not linking:
            raise UsageError(f"No value links {found} to another record: it is alone already.")
        numbers = [
            write(
                connection, because, who, decision=NOT_THEIRS, business=found.business, record_key=found.record_key,
                kind=each["kind"], value=each["value"],
            )
            for each in linking
        ]  # fmt: skip
    values = ", ".join(f"{each['kind']} {each['value']}" for each in linking)
    return Decided(numbers, f"{numbered(numbers).capitalize()}: not theirs, for {found}: {values}. {NEXT}")


def _check_not_joined(decisions: list[Decision], found: Record) -> None:
    joined = {pair.number for pair in pairs(decisions, SAME) if found.record_key in (pair.one, pair.other)}
    said = [told(decision) for decision in decisions if decision.decision_id in joined]
    if said:
        raise UsageError(
            f"{' and '.join(said)} joins {found} by hand. "
            f'Withdraw it first: `stage-first withdraw {min(joined)} --because "..."`.'
        )


def held_values(connection: Connection, record: Record) -> list[dict[str, object]]:
    """The values that a record holds, whether they count, and how many other records of its client hold each."""
    return fetch(connection, "held_values", {"record_number": record.record_number, "client_id": record.client_id})
