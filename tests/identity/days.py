"""Many little histories at once in one warehouse: each day rows and decisions arrive, one build resolves them all."""

from __future__ import annotations

import json
import random
import uuid
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from identity.compare import as_line, size
from identity.histories import DECISIONS
from identity.reference import client_id, resolve
from identity_check.build import build
from identity_check.narrow import TABLES
from identity_check.results import PUBLISHED, read_results
from identity_check.staging import copy_rows, decision_rows, named, record_key, record_row
from identity_check.worlds import NOTHING, Record, Resolution, Rules, World
from psycopg.rows import dict_row

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import psycopg

_ROW = """
insert into staging_cases.records as old
(account, id, business, full_name, identifiers, _first_loaded_at, _batch_id, _deleted_at)
values (%s, %s, %s, %s, %s, %s, %s, %s)
on conflict (account, id) do update set
    full_name = excluded.full_name, identifiers = excluded.identifiers, _batch_id = excluded._batch_id,
    _deleted_at = excluded._deleted_at
"""
_BATCH = """
insert into ops.batches (batch_id, run_id, source, stream, rows_read, rows_new, rows_changed)
overriding system value values (%s, %s, 'cases', 'records', %s, %s, 0)
"""
_DECIDE = """
insert into ops.merge_decisions (decision, business, record_key, other_record_key, kind, value, until)
values (%s, %s, %s, %s, %s, %s, %s)
"""
_WITHDRAW = """
update ops.merge_decisions set withdrawn_at = clock_timestamp()
where withdrawn_at is null
    and (decision, business, record_key, other_record_key, kind, value, until)
    is not distinct from (%s, %s::text, %s::text, %s::text, %s::text, %s::text, %s::timestamptz)
"""
_DELETED_AT = datetime(2026, 6, 1, tzinfo=UTC)


@dataclass
class Days:
    """The warehouse of the histories, the world of each as it stands today, and the rules of today."""

    connection: psycopg.Connection[Any]
    url: str
    project: Path
    rules: Rules
    other_tables: tuple[str, ...] = ()
    worlds: dict[int, World] = field(default_factory=dict)
    given_ids: set[Any] = field(default_factory=set)
    chance: random.Random = field(default_factory=lambda: random.Random(3))
    reserved: int | None = None

    def turn(self, worlds: dict[int, World]) -> None:
        """Make these the worlds of today: changed rows in two batches, decisions made and withdrawn."""
        before = {number: self.worlds.get(number, World(())) for number in worlds}
        rows = [(n, r) for n, world in worlds.items() for r in set(world.records) - set(before[n].records)]
        with self.connection.transaction():
            self._write(rows)
            for number, world in worlds.items():
                self._decide(_DECIDE, number, without(world, before[number]))
                self._decide(_WITHDRAW, number, without(before[number], world))
        self.worlds = worlds

    def _write(self, rows: list[tuple[int, Record]]) -> None:
        """Two batches; one took its number the day before, as it began earlier, and commits now."""
        rows.sort(key=lambda row: (row[0], row[1].key))
        self.chance.shuffle(rows)
        late, self.reserved = self.reserved, self._reserve()
        numbers = [late or self._reserve(), self._reserve()]
        batches = [self._batch(number, len(rows)) for number in numbers]
        with self.connection.cursor() as cursor:
            cursor.executemany(
                _ROW,
                [
                    [*record_row(n, r), batches[place % 2], _DELETED_AT if r.is_deleted else None]
                    for place, (n, r) in enumerate(rows)
                ],
            )

    def _batch(self, number: int, rows: int) -> int:
        self.connection.execute(_BATCH, [number, uuid.uuid4(), rows, rows])
        return number

    def _reserve(self) -> int:
        return int(self._value("select nextval(pg_get_serial_sequence('ops.batches', 'batch_id'))"))

    def _decide(self, statement: str, number: int, world: World) -> None:
        for row in decision_rows(number, world):
            assert self.connection.execute(statement, row).rowcount == 1

    def change_rules(self, rules: Rules) -> None:
        """Override the seeds, as a person does who does not edit them."""
        self.connection.execute("update ops.rule_overrides set withdrawn_at = now() where withdrawn_at is null")
        for kind in {*self.rules.order, *rules.order}:
            row = {
                "priority": rules.order.index(kind) + 1,
                "exclusive": kind in rules.exclusive,
                "max_names": rules.max_names.get(kind),
                "per_account": False,
            } if kind in rules.order else None  # fmt: skip
            self._override("identity_rules", {"kind": kind}, row)
        self._override("identity_options", {"option": "max_records"}, {"value": rules.max_records})
        self.rules = rules

    def _override(self, seed: str, key: dict[str, Any], row: dict[str, Any] | None) -> None:
        self.connection.execute(
            "insert into ops.rule_overrides (seed, key, row) values (%s, %s, %s)",
            [seed, json.dumps(key), row and json.dumps(row)],
        )

    def build(self, *arguments: str) -> None:
        """`dbt build` without its tests: what the gates would hold is wanted here."""
        build(self.project, self.url, *arguments)

    def differences(self) -> str:
        """How what is published differs from the reference, with the smallest world that does."""
        expected = {
            number: replace(resolve(world, self.rules), contradictions=frozenset())
            for number, world in self.worlds.items()
        }
        found = read_results(self.connection, PUBLISHED)
        wrong = [n for n, right in expected.items() if found.get(n, NOTHING) != right]
        if wrong:
            number = min(wrong, key=lambda n: size(self.worlds[n]))
            return f"{len(wrong)} worlds differ, the smallest:\n{self._shown(number, found, expected[number])}"
        return self._wrong_ids(expected)

    def _wrong_ids(self, expected: dict[int, Resolution]) -> str:
        """Of each record the id that it founds, and the client where that id leads; no id ever given may be missing."""
        leads = dict(self.connection.execute("select alias_client_id, client_id from unified.client_aliases"))
        right = {
            client_id(record_key(number, key)): client_id(record_key(number, founder))
            for number, resolution in expected.items()
            for key, founder in resolution.founder.items()
        }
        self.given_ids |= set(leads.values())
        lost = self.given_ids - set(leads)
        return f"ids that lead nowhere: {lost}" if lost else "" if leads == right else "client_aliases differ"

    def _shown(self, number: int, found: dict[int, Resolution], right: Resolution) -> str:
        world = self.worlds[number]
        lines = (
            json.dumps(as_line(world)),
            f"once records: {sorted(world.once_records)}",
            str(found.get(number)),
            str(right),
        )
        return "\n".join([f"world {number}", *lines])

    def remember_records(self) -> None:
        """Once a record, always a record: tomorrow's worlds know who was one."""
        for number, world in self.worlds.items():
            known = frozenset(resolve(world, self.rules).founder)
            self.worlds[number] = replace(world, once_records=world.once_records | known)

    def published(self) -> dict[str, list[dict[str, Any]]]:
        """Everything that readers see."""
        with self.connection.cursor(row_factory=dict_row) as cursor:
            return {
                table: cursor.execute(f"select * from unified.{table} as t order by t::text").fetchall()
                for table in (*TABLES, *self.other_tables)
            }

    def rows_written(self) -> int:
        """How many rows the last publish changed."""
        return int(
            self._value(
                "select rows_inserted + rows_updated + rows_deleted from ops.publishes order by publish_id desc limit 1"
            )
        )

    def _value(self, query: str) -> Any:
        row = self.connection.execute(query).fetchone()
        assert row is not None
        return row[0]


def without(world: World, other: World) -> World:
    """The decisions of one world that do not stand in the other."""
    return World((), **{name: getattr(world, name) - getattr(other, name) for name in DECISIONS})


def businesses(count: int) -> Iterator[str]:
    """The businesses of that many worlds."""
    for number in range(count):
        yield from (named(number, business) for business in ("main", "branch"))


def block(days: Days) -> None:
    """The block list of the rules, in the words of every world."""
    values = ((kind, named(number, value)) for number in days.worlds for kind, value in days.rules.blocked)
    copy_rows(days.connection, "blocked", "kind, value", values)
