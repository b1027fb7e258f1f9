"""Deciding, for one case or many, and undoing it; decisions are written by `stage_first` only."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from stage_first.decisions import alone, check_unified, standing, withdraw
from stage_first.decisions_cases import (
    by_case,
    contests,
    different_clients,
    put_off,
    same_people,
    shared_values,
    values_not_theirs,
)
from stage_first.decisions_many import decide_many, decide_together
from stage_first.decisions_people import clients_apart
from stage_first.settings import UsageError

from sync_center.database import fetch
from sync_center.language.catalogues import N_
from sync_center.pages.conflicts.cases import seen_mark
from sync_center.pages.conflicts.proposals import DIFFERENT, LATER, NOT_THEIRS, POLICIES, SAME, SHARED
from sync_center.pages.conflicts.queue import derive
from sync_center.security import audit

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from stage_first.decisions_cases import Contest

    from sync_center.database import Connection, Row
    from sync_center.pages.conflicts.queue import Filters
    from sync_center.panel import Panel

MOST_AT_ONCE = 2000
NO_REASON = "No reason given, in the Sync Center."
LATER_DAYS = 30


class ChangedError(Exception):
    """What the form was filled against is no longer so; `args[0]` is the case now, None if it is gone."""


def later_day() -> str:
    """The day that the form proposes for later."""
    return (datetime.now(UTC) + timedelta(days=LATER_DAYS)).date().isoformat()


@dataclass(frozen=True)
class Answer:
    """What somebody answers to a case."""

    answer: str
    reason: str = ""
    client_ids: Sequence[str] = ()
    """Who is the same person (at least two), or whose the value is not (one); nobody: all."""
    conflict_ids: Sequence[str] = ()
    """Which of the values; none: all."""
    until: datetime | None = None


def decide(panel: Panel, case_id: str, seen: str, answer: Answer, who: str) -> int:
    """Decide one case and return the number of the act.

    Raises:
        ChangedError: somebody decided meanwhile, or a publish changed the case.
        UsageError: it cannot be decided so.
    """
    with panel.database.connection() as connection, _deciding(connection):
        row = next(iter(fetch(connection, "conflicts", "case", case_id=case_id)), None)
        if row is None or seen_mark(row) != seen:
            raise ChangedError(row)
        case = [
            each for each in contests(connection, row["conflict_ids"])
            if not answer.conflict_ids or each.conflict_id in answer.conflict_ids
        ]  # fmt: skip
        rows = _rows(connection, case, answer)
        numbers = decide_together(connection, rows, answer.reason.strip() or NO_REASON, who)
        return _note(connection, answer, [case_id], numbers, who)


def decide_by_policy(
    panel: Panel, rule: str, filters: Filters, shown: int, reason: str, who: str
) -> tuple[int, int, int]:
    """Take what a rule proposes for all its open cases; the act, how many cases, how many could not be.

    Raises:
        ChangedError: there are more or fewer cases than were shown.
    """
    with panel.database.connection() as connection, _deciding(connection):
        cases = affected(connection, rule, filters)
        if len(cases) != shown or not cases:
            raise ChangedError(cases)
        groups = _groups(connection, cases, POLICIES[rule])
        done = decide_many(
            connection, [rows for _, rows in groups], reason.strip() or f"{NO_REASON} Rule: {rule}.", who
        )
        refused = set(done.refused)
        decided = [case_id for place, (case_id, _) in enumerate(groups) if place not in refused]
        act_id = _note(connection, Answer(POLICIES[rule], reason), decided, done.numbers, who, rule)
        return act_id, len(decided), len(cases) - len(decided)


def affected(connection: Connection, rule: str, filters: Filters) -> list[Row]:
    """The cases that a policy would decide now, at most so many at once."""
    asked = {**filters.parameters(), "rule": rule, "proposal": POLICIES[rule], "most": MOST_AT_ONCE}
    return fetch(connection, "conflicts", "affected", **asked)


def undo(panel: Panel, act_id: int, who: str, reason: str = "") -> Row:
    """Withdraw all decisions of an act that stand; the act as it was.

    Raises:
        ChangedError: it was undone already; with the act.
    """
    with panel.database.connection() as connection, _deciding(connection):
        act = next(iter(fetch(connection, "conflicts", "act", act_id=act_id)), None)
        left = fetch(connection, "conflicts", "standing_of", decision_ids=act["decision_ids"]) if act else []
        if act is None or act["undone_at"] or not left:
            raise ChangedError(act)
        withdraw(connection, [row["decision_id"] for row in left], reason.strip() or "Undone in the Sync Center.", who)
        fetch(connection, "conflicts", "undo", act_id=act_id, who=who)
        derive(connection)
        audit.note(connection, who, "undo", f"act {act_id}", decisions=len(left))
        return act


def reopen(panel: Panel, case_id: str, seen: str, numbers: list[int], who: str) -> None:
    """Withdraw the decisions by which a case is put off or kept apart, whoever made them and where.

    Raises:
        ChangedError: the case is another one by now.
    """
    with panel.database.connection() as connection, _deciding(connection):
        row = next(iter(fetch(connection, "conflicts", "case", case_id=case_id)), None)
        if row is None or seen_mark(row) != seen:
            raise ChangedError(row)
        withdraw(connection, numbers, "Undone in the Sync Center.", who)
        derive(connection)
        audit.note(connection, who, "undo", f"case {case_id}", decisions=len(numbers))


@contextmanager
def _deciding(connection: Connection) -> Iterator[None]:
    """Nobody else decides meanwhile, and the queue is as fresh as what is decided."""
    check_unified(connection)
    with alone(connection):
        derive(connection)
        yield


def _rows(connection: Connection, case: list[Contest], answer: Answer) -> list[dict[str, Any]]:
    if answer.answer == SAME:
        return _joined(case, answer)
    if answer.answer == DIFFERENT:
        return different_clients(case, clients_apart(standing(connection)))
    if answer.answer == SHARED:
        return shared_values(case)
    if answer.answer == NOT_THEIRS:
        return _taken_away(case, answer)
    if answer.answer == LATER:
        return put_off(case, answer.until or datetime.now(UTC) + timedelta(days=LATER_DAYS))
    raise UsageError(N_("Choose an answer first."))


def _joined(case: list[Contest], answer: Answer) -> list[dict[str, Any]]:
    rows = same_people(case, answer.client_ids or None)
    if not rows:
        raise UsageError(N_("Choose at least two clients that are the same person."))
    return rows


def _taken_away(case: list[Contest], answer: Answer) -> list[dict[str, Any]]:
    rows = [row for client_id in answer.client_ids for row in values_not_theirs(case, client_id)]
    if not rows:
        raise UsageError(N_("Choose the client whose value it is not."))
    return rows


def _groups(connection: Connection, cases: list[Row], answer: str) -> list[tuple[str, list[dict[str, Any]]]]:
    found = list(by_case(contests(connection, [one for case in cases for one in case["conflict_ids"]])))
    apart = clients_apart(standing(connection)) if answer == DIFFERENT else set()
    plans: dict[str, Callable[[list[Contest]], list[dict[str, Any]]]] = {
        SAME: same_people,
        DIFFERENT: lambda case: different_clients(case, apart),
        SHARED: shared_values,
    }
    return [(case[0].case_id, plans[answer](case)) for case in found]


def _note(
    connection: Connection, answer: Answer, case_ids: list[str], numbers: list[int], who: str, policy: str | None = None
) -> int:
    told = {"answer": answer.answer, "policy": policy, "reason": answer.reason.strip() or None, "who": who}
    (act,) = fetch(connection, "conflicts", "note_act", case_ids=case_ids, decision_ids=numbers, **told)
    derive(connection)
    audit.note(
        connection, who, "decide", f"act {act['act_id']}", answer=answer.answer, cases=len(case_ids), policy=policy
    )
    return int(act["act_id"])
