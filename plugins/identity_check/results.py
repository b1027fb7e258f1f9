"""Reads back who is who, world by world, in the words of each world."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from identity_check.staging import own_name
from identity_check.worlds import Conflict, Resolution

if TYPE_CHECKING:
    import uuid

    import psycopg

COMPUTED = "unified_internal.next_"
"""Where the tables stand that a run has computed and not published."""
PUBLISHED = "unified."
_RECORDS = "client_id, account, id, is_founding"
_CONFLICTS = "case_id, business, kind, value, client_ids, reason, status"
_SHARED = "business, kind, value"


@dataclass
class _Found:
    """What was found in a world."""

    partition: set[frozenset[str]] = field(default_factory=set)
    conflicts: set[Conflict] = field(default_factory=set)
    shared: set[tuple[str, str, str]] = field(default_factory=set)
    founder: dict[str, str] = field(default_factory=dict)
    cases: dict[uuid.UUID, set[Conflict]] = field(default_factory=lambda: defaultdict(set))

    def resolution(self) -> Resolution:
        return Resolution(
            partition=frozenset(self.partition),
            conflicts=frozenset(self.conflicts),
            shared=frozenset(self.shared),
            founder=self.founder,
            cases=frozenset(map(frozenset, self.cases.values())),
        )


def read_results(connection: psycopg.Connection[Any], place: str = COMPUTED) -> dict[int, Resolution]:
    """Of each world, by its number, what the resolver found; a world without any record is not there."""
    worlds: dict[int, _Found] = defaultdict(_Found)
    clients: dict[uuid.UUID, frozenset[str]] = {}
    for client_id, keys, account, founder in _clients(connection, place):
        clients[client_id] = keys
        worlds[account].partition.add(keys)
        worlds[account].founder.update(dict.fromkeys(keys, founder))
    for case_id, business, kind, value, client_ids, reason, status in _rows(
        connection, place, "merge_conflicts", _CONFLICTS
    ):
        competing = frozenset(clients[client_id] for client_id in client_ids)
        conflict = Conflict(own_name(business), kind, own_name(value), competing, reason, status)
        worlds[_number(business)].conflicts.add(conflict)
        worlds[_number(business)].cases[case_id].add(conflict)
    for business, kind, value in _rows(connection, place, "shared_identifiers", _SHARED):
        worlds[_number(business)].shared.add((own_name(business), kind, own_name(value)))
    return {number: found.resolution() for number, found in worlds.items()}


def as_json(name: Any, found: Resolution) -> dict[str, Any]:
    """A line of `results.jsonl`, everything in order."""
    return {
        "world": name,
        "partition": sorted(map(sorted, found.partition)),
        "conflicts": [
            {
                "business": conflict.business,
                "kind": conflict.kind,
                "value": conflict.value,
                "clients": sorted(map(sorted, conflict.clients)),
                "reason": conflict.reason,
                "status": conflict.status,
            }
            for conflict in sorted(found.conflicts, key=lambda row: (row.business, row.kind, row.value))
        ],
        "shared": [list(value) for value in sorted(found.shared)],
        "founder": dict(sorted(found.founder.items())),
    }


def _clients(connection: psycopg.Connection[Any], place: str) -> list[tuple[uuid.UUID, frozenset[str], int, str]]:
    """The clients: id, keys of its records, number of its world, key of its founding record."""
    keys: dict[uuid.UUID, set[str]] = defaultdict(set)
    founders: dict[uuid.UUID, tuple[int, str]] = {}
    for client_id, account, key, is_founding in _rows(connection, place, "client_records", _RECORDS):
        keys[client_id].add(key)
        if is_founding:
            founders[client_id] = (int(account), key)
    return [(client_id, frozenset(keys[client_id]), *founder) for client_id, founder in founders.items()]


def _rows(connection: psycopg.Connection[Any], place: str, table: str, columns: str) -> list[tuple[Any, ...]]:
    query = f"select {columns} from {place}{table}"  # noqa: S608
    return connection.execute(query.encode()).fetchall()


def _number(named: str) -> int:
    return int(named.partition("|")[0])
