"""What a world is: records, the rules that hold in it, and the decisions that people made."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

Identifier = tuple[str, str]
Pair = tuple[str, str]


@dataclass(frozen=True)
class Record:
    """A staged row, its identifiers given after cleaning; `first_loaded` counts seconds from some beginning."""

    key: str
    first_loaded: int
    name: str
    business: str
    identifiers: frozenset[Identifier]
    is_deleted: bool = False


@dataclass(frozen=True)
class Rules:
    """Kinds in priority order, which of them are exclusive, and what counts nowhere."""

    order: tuple[str, ...]
    exclusive: frozenset[str] = frozenset()
    max_names: Mapping[str, int | None] = field(default_factory=dict)
    blocked: frozenset[Identifier] = frozenset()
    max_records: int | None = None


@dataclass(frozen=True)
class World:
    """Records and decisions; nothing in one world knows of another."""

    records: tuple[Record, ...]
    same: frozenset[Pair] = frozenset()
    different: frozenset[Pair] = frozenset()
    not_theirs: frozenset[tuple[str, str, str]] = frozenset()
    shared: frozenset[Identifier] = frozenset()
    blocked: frozenset[Identifier] = frozenset()
    later: frozenset[tuple[str, str, str]] = frozenset()
    once_records: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Conflict:
    """A value that several clients hold; each client is the keys of its records."""

    business: str
    kind: str
    value: str
    clients: frozenset[frozenset[str]]
    reason: str
    status: str


@dataclass(frozen=True)
class Resolution:
    """Who is who in a world."""

    partition: frozenset[frozenset[str]]
    conflicts: frozenset[Conflict]
    shared: frozenset[tuple[str, str, str]]
    founder: Mapping[str, str]
    cases: frozenset[frozenset[Conflict]] = frozenset()
    contradictions: frozenset[Pair] = frozenset()


NOTHING = Resolution(frozenset(), frozenset(), frozenset(), {})
