"""The rules of identity as they stand: the seeds, overridden by `ops.rule_overrides`, which says who, when and why.

`transform` reads the same union (`models/intermediate/rules`): a change takes effect with the next `unify`.
"""

from __future__ import annotations

import csv
import json
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

import yaml  # type: ignore[import-untyped]
from psycopg.rows import scalar_row

from stage_first import project
from stage_first.queries import fetch
from stage_first.settings import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime
    from pathlib import Path

    import psycopg

    Value = str | int | bool | None
    Row = dict[str, Value]
    Key = tuple[str, ...]

KEYS: dict[str, tuple[str, ...]] = {
    "identity_rules": ("kind",),
    "blocked_identifiers": ("kind", "value"),
    "source_priority": ("source", "kind"),
    "accounts": ("source", "account"),
    "identifier_fields": ("source", "stream", "place", "field", "kind"),
    "identity_options": ("option",),
}
SHORT_NAMES = {
    "kinds": "identity_rules",
    "blocked": "blocked_identifiers",
    "priority": "source_priority",
    "fields": "identifier_fields",
    "options": "identity_options",
}
_INSERT = """
insert into ops.rule_overrides (seed, key, row, comment, changed_by)
values (%s, %s, %s, %s, %s)
returning override_id
"""
_WITHDRAW = """
update ops.rule_overrides set withdrawn_at = clock_timestamp(), withdrawn_by = %s
where override_id = any(%s) and withdrawn_at is null
"""


@dataclass(frozen=True)
class Override:
    """A change that stands; `row` None: the seed's row is removed."""

    override_id: int
    seed: str
    key: dict[str, str | None]
    row: Row | None
    comment: str
    changed_by: str
    changed_at: datetime


@dataclass(frozen=True)
class Rule:
    """A row of a seed as it stands; `row` None: it is removed, `seeded` None: the seed has no such row."""

    seed: Seed
    row: Row | None
    seeded: Row | None
    override: Override | None = None

    @property
    def state(self) -> str:
        """How it stands to the seed."""
        if self.override is None:
            return ""
        if self.row is None:
            return "removed"
        return "added" if self.seeded is None else "changed"

    @property
    def shown(self) -> Row:
        """The row that a person recognises it by, also where it is removed."""
        return self.row or self.seeded or {**(self.override.key if self.override else {})}


@dataclass(frozen=True)
class Seed:
    """A list that a person may edit: its columns with their types, and which of them tell its rows apart."""

    name: str
    types: dict[str, str]
    path: Path

    @property
    def key(self) -> tuple[str, ...]:
        """The columns that tell rows apart."""
        return KEYS[self.name]

    def key_of(self, row: Mapping[str, Any]) -> Key:
        """What tells a row apart; nothing and an empty cell are the same."""
        return tuple(str(row.get(column) or "").strip() for column in self.key)

    def rows(self) -> list[Row]:
        """The rows of the file, comment included."""
        with self.path.open(newline="", encoding="utf-8") as file:
            return [{name: typed(self.types[name], cell) for name, cell in row.items()} for row in csv.DictReader(file)]


def typed(kind: str, cell: str | None) -> Value:
    """A cell in the type of its column; an empty one is none.

    Raises:
        ValueError: it is not of that type.
    """
    text = (cell or "").strip()
    if not text:
        return None
    if kind == "boolean":
        return {"true": True, "false": False}[text.lower()] if text.lower() in {"true", "false"} else _no_flag(text)
    return int(text) if kind == "integer" else text


def _no_flag(text: str) -> bool:
    raise ValueError(text)


def seeds() -> dict[str, Seed]:
    """The seeds of rules by name, as `_seeds.yml` describes them."""
    return _seeds_in(project.TRANSFORM / "seeds")


@cache
def _seeds_in(folder: Path) -> dict[str, Seed]:
    described = yaml.safe_load((folder / "_seeds.yml").read_text("utf-8"))["seeds"]
    types = {seed["name"]: dict(seed["config"]["column_types"]) for seed in described if seed["name"] in KEYS}
    return {name: Seed(name, types[name], folder / f"{name}.csv") for name in KEYS}


def seed_named(name: str) -> Seed:
    """The seed of that name, or of its short name.

    Raises:
        UsageError: there is none.
    """
    found = seeds().get(SHORT_NAMES.get(name, name))
    if found is None:
        raise UsageError(f"There are no rules named {name!r}. There are: {', '.join(KEYS)} ({', '.join(SHORT_NAMES)}).")
    return found


def standing(connection: psycopg.Connection[Any]) -> list[Override]:
    """The changes that stand."""
    return [Override(**row) for row in fetch(connection, "standing_overrides")]


def effective(connection: psycopg.Connection[Any], seed: Seed) -> list[Rule]:
    """The rows of a seed as they stand, removed ones too: the file's order, then what was added."""
    overrides = {seed.key_of(each.key): each for each in standing(connection) if each.seed == seed.name}
    rules = [_ruled(seed, row, overrides.pop(seed.key_of(row), None)) for row in seed.rows()]
    return rules + [_ruled(seed, None, override) for override in overrides.values()]


def _ruled(seed: Seed, seeded: Row | None, override: Override | None) -> Rule:
    if override is None:
        return Rule(seed, seeded, seeded)
    if override.row is None:
        return Rule(seed, None, seeded, override)
    row = {name: override.key.get(name) if name in seed.key else override.row.get(name) for name in seed.types}
    return Rule(seed, {**row, "comment": override.comment}, seeded, override)


def record(
    connection: psycopg.Connection[Any], seed: Seed, key: Mapping[str, Value], row: Row | None, because: str, who: str
) -> int:
    """Write a change down and withdraw the one that stood for the same row; the caller has checked it."""
    told_apart = seed.key_of(key)
    before = [each for each in standing(connection) if each.seed == seed.name and seed.key_of(each.key) == told_apart]
    close(connection, before, who)
    values = None if row is None else json.dumps({name: row[name] for name in seed.types if name in row})
    key_text = json.dumps({column: key.get(column) for column in seed.key})
    with connection.cursor(row_factory=scalar_row) as cursor:
        return int(cursor.execute(_INSERT, [seed.name, key_text, values, because, who]).fetchone() or 0)


def close(connection: psycopg.Connection[Any], changes: Iterable[Override], who: str) -> None:
    """Let changes stand no longer; the rows stay."""
    connection.execute(_WITHDRAW, [who, [change.override_id for change in changes]])
