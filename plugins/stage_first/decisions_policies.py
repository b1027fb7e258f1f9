"""Decisions about values: which counts for nobody, which wins, and which conflict waits."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from stage_first.decisions import Decided, deciding, write
from stage_first.decisions_checks import check_new, told
from stage_first.decisions_values import clean_value, conflicts_of_value, find_record, holders
from stage_first.queries import fetch
from stage_first.settings import NEXT, UsageError
from stage_first.sources import source_named

if TYPE_CHECKING:
    from stage_first.decisions import Connection
    from stage_first.decisions_values import Conflict

FIELDS = ("name", "email", "phone", "country", "consent_email", "consent_sms", "consent_whatsapp")


def shared(connection: Connection, kind: str, value: str, because: str | None, who: str | None = None) -> Decided:
    """Say that a value is shared by several people, in every business: it joins nobody.

    Raises:
        UsageError: it is no value of that kind, or it was said already.
    """
    return _for_nobody(connection, "shared", kind, value, because, who)


def block(connection: Connection, kind: str, value: str, because: str | None, who: str | None = None) -> Decided:
    """Block a value that says nothing about a person, in every business: it joins nobody and is shown for nobody.

    Raises:
        UsageError: it is no value of that kind, or it was said already.
    """
    return _for_nobody(connection, "blocked", kind, value, because, who)


def _for_nobody(
    connection: Connection, decision: str, kind: str, value: str, because: str | None, who: str | None
) -> Decided:
    with deciding(connection) as decisions:
        cleaned = clean_value(connection, kind, value)
        row = {"decision": decision, "kind": kind, "value": cleaned}
        check_new(decisions, **row)
        held = holders(connection, kind, cleaned)
        number = write(connection, because, who, **row)
    records = sum(holder.record_count for holder in held)
    known = f"{records} records of {len(held)} clients hold it" if held else "Nobody holds it today"
    return Decided([number], f"{number}: {kind} {cleaned} is {decision}. {known}. {NEXT}")


def pin(connection: Connection, record: str, field: str, because: str | None, who: str | None = None) -> Decided:
    """Let the value of one record win, whatever client it belongs to.

    Raises:
        UsageError: the record has no such value, or another pin stands for its client.
    """
    _check_field(field)
    with deciding(connection) as decisions:
        found = find_record(connection, record)
        row = {"decision": "pinned", "record_key": found.record_key, "field": field}
        check_new(decisions, **row)
        for other in decisions:
            if (other.decision, other.field, other.client_id) == ("pinned", field, found.client_id):
                raise UsageError(
                    f"{told(other)} pins the {field} of this client to {other.record_key}. "
                    f'Withdraw it first: `stage-first withdraw {other.decision_id} --because "..."`.'
                )
        asked = {"record_number": found.record_number, "field": field}
        value = fetch(connection, "offered_value", asked)[0]["value"]
        if value is None:
            raise UsageError(f"{found} has no {field}, so there is nothing to pin.")
        number = write(connection, because, who, business=found.business, **row)
    return Decided([number], f"{number}: the {field} of {found} wins: {value}. {NEXT}")


def prefer(
    connection: Connection,
    field: str,
    source: str | None,
    pattern: str | None,
    because: str | None,
    who: str | None = None,
) -> Decided:
    """Let values of a source, or like a pattern, win for every client that has one.

    Raises:
        UsageError: neither is given, or there is no such field or source.
    """
    _check_field(field)
    if not (source or pattern):
        raise UsageError("Say which values win: --source stripe, or --pattern '%@company.com', or both.")
    if source:
        source_named(source)
    _check_pattern(pattern or "")
    with deciding(connection) as decisions:
        row = {"decision": "preferred", "field": field, "source": source or None, "pattern": pattern or None}
        check_new(decisions, **row)
        number = write(connection, because, who, **row)
    which = " ".join(filter(None, (f"of {source}" if source else "", f"like {pattern}" if pattern else "")))
    return Decided([number], f"{number}: for {field}, values {which} win. {NEXT}")


def _check_field(field: str) -> None:
    if field not in FIELDS:
        raise UsageError(f"A client has no field {field!r} that can be chosen. There are: {', '.join(FIELDS)}.")


def _check_pattern(pattern: str) -> None:
    """A pattern that Postgres refuses would end every build."""
    if (len(pattern) - len(pattern.rstrip("\\"))) % 2:
        raise UsageError(f"The pattern {pattern!r} ends with a single \\: write \\\\ where a \\ is meant.")


def later(
    connection: Connection,
    kind: str,
    value: str,
    until: datetime,
    because: str | None,
    business: str | None = None,
    who: str | None = None,
) -> Decided:
    """Leave a conflict for later.

    Raises:
        UsageError: there is no such conflict, or it waits at least as long already.
    """
    if until <= datetime.now(UTC):
        raise UsageError(f"{until:%Y-%m-%d %H:%M} UTC is over: give --until a later date.")
    with deciding(connection) as decisions:
        cleaned = clean_value(connection, kind, value)
        conflict = _one_conflict(conflicts_of_value(connection, kind, cleaned), kind, cleaned, business)
        row = {"decision": "later", "business": conflict.business, "kind": kind, "value": cleaned}
        for other in decisions:
            if all(getattr(other, name) == said for name, said in row.items()) and other.until and other.until >= until:
                raise UsageError(f"{told(other)} leaves it until {other.until:%Y-%m-%d} already.")
        number = write(connection, because, who, until=until, **row)
    return Decided(
        [number], f"{number}: the conflict about {kind} {cleaned} waits until {until:%Y-%m-%d %H:%M} UTC. {NEXT}"
    )


def _one_conflict(conflicts: list[Conflict], kind: str, value: str, business: str | None) -> Conflict:
    found = [conflict for conflict in conflicts if business in (None, conflict.business)]
    if not found:
        raise UsageError(f"No two clients compete for {kind} {value}, so nothing has to wait.")
    if len(found) > 1:
        names = ", ".join(conflict.business for conflict in found)
        raise UsageError(f"Clients of several businesses compete for {kind} {value}: give --business ({names}).")
    return found[0]
