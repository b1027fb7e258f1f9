"""Several decisions that stand or fall together, for one case of conflicts or for many."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from stage_first.decisions import EMPTY, deciding, write_all
from stage_first.decisions_checks import DIFFERENT, NEW, SAME, Pair, check_pairs, joined_groups, pairs
from stage_first.settings import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from stage_first.decisions import Connection, Decision

    Row = dict[str, Any]

_SPOKEN_OF = ("decision", "kind", "value", "field", "source", "pattern")


class Many(NamedTuple):
    """What was written down, and which of the groups could not be."""

    numbers: list[int]
    refused: list[int]


def decide_together(connection: Connection, rows: Sequence[Row], because: str | None, who: str | None) -> list[int]:
    """Write rows down, all or none; what is said already is not said again.

    Raises:
        UsageError: all is said already, or one of them contradicts what stands.
    """
    with deciding(connection) as decisions:
        new = _unsaid(decisions, rows)
        if not new:
            raise UsageError("Standing decisions say all of that already.")
        check_pairs(decisions, _pairs_of(new, SAME), _pairs_of(new, DIFFERENT))
        return write_all(connection, because, who, new)


def decide_many(connection: Connection, groups: Sequence[Sequence[Row]], because: str | None, who: str | None) -> Many:
    """Write groups of rows down; a group that contradicts what stands, or another group, is left out."""
    with deciding(connection) as decisions:
        bad = _contradictory(decisions, [row for group in groups for row in group])
        refused = [place for place, group in enumerate(groups) if any(_speaks_of(row, bad) for row in group)]
        left = set(refused)
        rows = [row for place, group in enumerate(groups) if place not in left for row in group]
        return Many(write_all(connection, because, who, _unsaid(decisions, rows)), refused)


def _speaks_of(row: Row, records: set[str]) -> bool:
    return not records.isdisjoint((row.get("record_key"), row.get("other_record_key")))


def _unsaid(decisions: Iterable[Decision], rows: Sequence[Row]) -> list[Row]:
    """The rows that no standing decision says, each once."""
    said = {_meaning({name: getattr(each, name) for name in (*EMPTY, "decision")}): each.until for each in decisions}
    new: dict[object, Row] = {}
    for row in rows:
        meaning, until = _meaning({**EMPTY, **row}), row.get("until")
        _check_until(until)
        if meaning not in said or _is_longer(until, said[meaning]):
            new[meaning] = row
    return list(new.values())


def _meaning(row: Row) -> tuple[object, ...]:
    spoken = tuple(row[name] for name in _SPOKEN_OF)
    business = row["business"] if row["decision"] == "later" else None
    return (*spoken, business, frozenset((row["record_key"], row["other_record_key"])))


def _check_until(until: datetime | None) -> None:
    if until is not None and until <= datetime.now(UTC):
        raise UsageError(f"{until:%Y-%m-%d %H:%M} UTC is over: give a later date.")


def _is_longer(until: datetime | None, already: datetime | None) -> bool:
    return until is not None and already is not None and until > already


def _pairs_of(rows: Iterable[Row], decision: str) -> list[Pair]:
    return [Pair(NEW, row["record_key"], row["other_record_key"]) for row in rows if row["decision"] == decision]


def _contradictory(decisions: list[Decision], rows: Sequence[Row]) -> set[str]:
    """The records of which the rows, with what stands, would say that they are one person and that they are not."""
    same = [*pairs(decisions, SAME), *_pairs_of(rows, SAME)]
    group_of = joined_groups(same)
    apart = [*pairs(decisions, DIFFERENT), *_pairs_of(rows, DIFFERENT)]
    bad = {
        group_of[pair.one] for pair in apart if pair.one in group_of and group_of[pair.one] == group_of.get(pair.other)
    }
    return {record for record, group in group_of.items() if group in bad}
