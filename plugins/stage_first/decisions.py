"""Decisions about who is who, as rows of `ops.merge_decisions`: reading them, writing them down, withdrawing them.

The command line and the panel call the same functions; each of them takes a connection, and what cannot be done raises
`UsageError` with a sentence that says what to do.
"""

from __future__ import annotations

import json
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from psycopg.types.json import Jsonb
from warehouse.run_log import started_by

from stage_first.queries import fetch
from stage_first.settings import NEXT, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import psycopg

    Connection = psycopg.Connection[Any]

EMPTY = dict.fromkeys(
    ("business", "record_key", "other_record_key", "kind", "value", "field", "source", "pattern", "until")
)


class Decided(NamedTuple):
    """What was written down: the numbers of the decisions, and a sentence for the person."""

    numbers: list[int]
    sentence: str

    def __str__(self) -> str:
        return self.sentence


@dataclass(frozen=True)
class Decision:
    """A row of `ops.merge_decisions`; `client_id` is the client of its record today, None if the record is gone.

    An account that was given to another business may part the two records: nothing joins two businesses.
    """

    decision_id: int
    decision: str
    business: str | None
    record_key: str | None
    other_record_key: str | None
    kind: str | None
    value: str | None
    field: str | None
    source: str | None
    pattern: str | None
    until: datetime | None
    reason: str | None
    decided_by: str
    decided_at: datetime
    withdrawn_at: datetime | None
    withdrawn_by: str | None
    withdrawn_reason: str | None
    client_id: str | None
    other_client_id: str | None
    is_across_businesses: bool
    is_applied: bool

    @property
    def is_standing(self) -> bool:
        """Whether it counts in the next build."""
        return self.withdrawn_at is None and (self.until is None or self.until > datetime.now(UTC))

    @property
    def is_orphaned(self) -> bool:
        """Whether a record that it speaks of is gone; it counts again when the record comes back."""
        one_gone = self.record_key is not None and self.client_id is None
        return one_gone or (self.other_record_key is not None and self.other_client_id is None)

    @property
    def pair(self) -> frozenset[str | None]:
        """The records of a decision about two."""
        return frozenset((self.record_key, self.other_record_key))


def all_decisions(
    connection: Connection, *, with_withdrawn: bool = False, client_id: str | None = None
) -> list[Decision]:
    """The decisions in the order in which they were made; of one client, if it is given, those that may concern it.

    Raises:
        UsageError: nothing was ever published, so there is nobody to decide about.
    """
    check_unified(connection)
    asked = {"with_withdrawn": with_withdrawn, "client_id": client_id}
    return [Decision(**row) for row in fetch(connection, "decisions", asked)]


def standing(connection: Connection) -> list[Decision]:
    """The decisions that count in the next build."""
    return [decision for decision in all_decisions(connection) if decision.is_standing]


def check_unified(connection: Connection) -> None:
    """Raise a sentence where nothing was ever published, or what it was made of is gone."""
    if not fetch(connection, "is_unified")[0]["is_unified"]:
        raise UsageError("Nothing is unified yet: run `meltano run unify` first.")
    if not fetch(connection, "is_kept")[0]["is_kept"]:
        raise UsageError("The server lost what the last unify had worked out: run `meltano run unify` again first.")


@contextmanager
def deciding(connection: Connection) -> Iterator[list[Decision]]:
    """A transaction in which nobody else decides, with the decisions that stand."""
    check_unified(connection)
    with alone(connection):
        yield standing(connection)


@contextmanager
def alone(connection: Connection) -> Iterator[None]:
    """A transaction in which nobody else decides or withdraws."""
    with connection.transaction():
        connection.execute("lock table ops.merge_decisions in share row exclusive mode")
        yield


def write(connection: Connection, because: str | None, who: str | None, **columns: Any) -> int:
    """Write a decision down and return its number; the caller has checked it.

    Raises:
        UsageError: no reason is given.
    """
    signed = {"reason": reason_of(because), "decided_by": who or started_by()}
    return int(fetch(connection, "decide", {**EMPTY, **columns, **signed})[0]["decision_id"])


def write_all(
    connection: Connection, because: str | None, who: str | None, rows: Sequence[dict[str, Any]]
) -> list[int]:
    """The same for many."""
    signed = {"reason": reason_of(because), "decided_by": who or started_by()}
    written = [{**EMPTY, **row, **signed} for row in rows]
    found = fetch(connection, "decide_all", {"rows": Jsonb(written, dumps=partial(json.dumps, default=str))})
    return [int(row["decision_id"]) for row in found]


def withdraw(connection: Connection, numbers: Sequence[int], because: str | None, who: str | None = None) -> Decided:
    """Let decisions stand no longer: the next build gives back what was before them, ids included.

    Raises:
        UsageError: one of them does not stand; then none is withdrawn.
    """
    signed = {"because": reason_of(because), "who": who or started_by()}
    with alone(connection):
        asked = {**signed, "decision_ids": list(numbers)}
        done = {row["decision_id"] for row in fetch(connection, "withdraw_decisions", asked)}
        if len(done) < len(set(numbers)):
            known = {decision.decision_id: decision for decision in all_decisions(connection, with_withdrawn=True)}
            number = next(number for number in numbers if number not in done)
            raise UsageError(_why_not(known.get(number), number))
    named = f"Decision{'s' if len(numbers) > 1 else ''} {', '.join(map(str, numbers))}"
    return Decided(list(numbers), f"{named} no longer stand{'s' if len(numbers) == 1 else ''}. {NEXT}")


def _why_not(decision: Decision | None, number: int) -> str:
    if decision is None or decision.withdrawn_at is None:
        return f"There is no decision {number}: `stage-first decisions` lists those that stand."
    when = f"{decision.withdrawn_at:%Y-%m-%d %H:%M} UTC"
    return f"Decision {number} was withdrawn already, by {decision.withdrawn_by or 'somebody'} on {when}."


def reason_of(because: str | None) -> str:
    """The reason without white space around it.

    Raises:
        UsageError: there is none.
    """
    if not because or not because.strip():
        raise UsageError('Say why: --because "...". Whoever reads the decision next year will want to know.')
    return because.strip()
