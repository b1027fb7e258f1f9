"""What an answer to a case of conflicts means, as rows of `ops.merge_decisions`."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import combinations
from typing import TYPE_CHECKING, Any

from stage_first.decisions_checks import DIFFERENT, SAME
from stage_first.decisions_records import NOT_THEIRS
from stage_first.queries import fetch

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import datetime

    from stage_first.decisions import Connection

    Row = dict[str, Any]


@dataclass(frozen=True)
class Competitor:
    """A client that holds a contested value."""

    client_id: str
    founding_key: str
    holding_key: str
    """The first loaded of its records that holds the value."""
    record_keys: list[str]


@dataclass(frozen=True)
class Contest:
    """A contested value of a case, and who competes for it."""

    case_id: str
    conflict_id: str
    business: str
    kind: str
    value: str
    competitors: list[Competitor] = field(default_factory=list)


def contests(connection: Connection, conflict_ids: Sequence[str]) -> list[Contest]:
    """The conflicts of those ids, as the last publish left them."""
    found: dict[str, Contest] = {}
    for row in fetch(connection, "contests", {"conflict_ids": list(conflict_ids)}):
        about = {name: row[name] for name in ("case_id", "conflict_id", "business", "kind", "value")}
        contest = found.setdefault(row["conflict_id"], Contest(**about))
        contest.competitors.append(
            Competitor(row["client_id"], row["founding_key"], row["holding_key"], row["record_keys"])
        )
    return list(found.values())


def same_people(case: Iterable[Contest], client_ids: Iterable[str] | None = None) -> list[Row]:
    """All clients of a case, or the named ones, are one person: the first is joined with each other."""
    wanted = None if client_ids is None else set(client_ids)
    foundings = {
        competitor.client_id: (competitor.founding_key, contest.business)
        for contest in case
        for competitor in contest.competitors
        if wanted is None or competitor.client_id in wanted
    }
    (first, business), *others = list(foundings.values()) or [("", "")]
    return [_pair(SAME, first, other, business) for other, _ in others]


def different_clients(case: Iterable[Contest], apart: set[frozenset[str | None]]) -> list[Row]:
    """Each two clients that hold a value are different people; those in `apart` are kept apart already."""
    return [
        _pair(DIFFERENT, one.holding_key, other.holding_key, contest.business)
        for contest in case
        for one, other in combinations(contest.competitors, 2)
        if frozenset((one.client_id, other.client_id)) not in apart
    ]


def shared_values(case: Iterable[Contest]) -> list[Row]:
    """The contested values are shared, in every business."""
    return [{"decision": "shared", "kind": contest.kind, "value": contest.value} for contest in case]


def values_not_theirs(case: Iterable[Contest], client_id: str) -> list[Row]:
    """The contested values are not that client's, whatever record of it holds them."""
    return [
        {
            "decision": NOT_THEIRS, "business": contest.business, "record_key": key, "kind": contest.kind,
            "value": contest.value,
        }
        for contest in case
        for competitor in contest.competitors
        if competitor.client_id == client_id
        for key in competitor.record_keys
    ]  # fmt: skip


def put_off(case: Iterable[Contest], until: datetime) -> list[Row]:
    """The conflicts wait until then."""
    return [
        {"decision": "later", "business": each.business, "kind": each.kind, "value": each.value, "until": until}
        for each in case
    ]


def by_case(found: Iterable[Contest]) -> Iterator[list[Contest]]:
    """The contests of each case."""
    cases: dict[str, list[Contest]] = {}
    for contest in found:
        cases.setdefault(contest.case_id, []).append(contest)
    yield from cases.values()


def _pair(decision: str, one: str, other: str, business: str) -> Row:
    return {"decision": decision, "business": business, "record_key": one, "other_record_key": other}
