"""Puts worlds into a scratch database; what a world calls something is made unique by the world's number."""

from __future__ import annotations

import json
import uuid
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from identity_check.project import SOURCE, STREAM

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    import psycopg

    from identity_check.worlds import Record, Rules, World

_TABLES = """
create schema staging_cases;
create table staging_cases.records (
    account text not null,
    id text not null,
    business text not null,
    full_name text,
    identifiers jsonb,
    _first_loaded_at timestamptz not null,
    _batch_id bigint not null,
    _deleted_at timestamptz,
    primary key (account, id)
);
create table staging_cases.blocked (kind text not null, value text not null);
"""
_BATCH = """
insert into ops.batches (run_id, source, stream, rows_read, rows_new, rows_changed)
values (%s, %s, %s, %s, %s, 0) returning batch_id
"""
_DECISION = """
insert into ops.merge_decisions (decision, business, record_key, other_record_key, kind, value, until, decided_by)
values (%s, %s, %s, %s, %s, %s, %s, 'a case')
"""

RECORD_COLUMNS = "account, id, business, full_name, identifiers, _first_loaded_at, _batch_id"
_BEGINNING = datetime(2026, 1, 1, tzinfo=UTC)
_FAR = datetime(2999, 1, 1, tzinfo=UTC)


def create_tables(connection: psycopg.Connection[Any]) -> None:
    """Make the tables that the dbt project reads in place of downloads."""
    connection.execute(_TABLES)


def stage(connection: psycopg.Connection[Any], worlds: Mapping[int, World], rules: Rules) -> None:
    """Copy the records of worlds, told apart by their numbers, in one batch, and write down what was decided."""
    records = [(number, record) for number, world in worlds.items() for record in world.records]
    with connection.transaction():
        batch_id = new_batch(connection, len(records))
        rows = ([*record_row(number, record), batch_id] for number, record in records)
        copy_rows(connection, "records", RECORD_COLUMNS, rows)
        values = (row for number, world in worlds.items() for row in blocked_rows(number, world, rules))
        copy_rows(connection, "blocked", "kind, value", values)
        decisions = [row for number, world in worlds.items() for row in decision_rows(number, world)]
        with connection.cursor() as cursor:
            if decisions:
                cursor.executemany(_DECISION, decisions)


def copy_rows(connection: psycopg.Connection[Any], table: str, columns: str, rows: Iterable[Iterable[Any]]) -> None:
    """Add rows to one of the tables."""
    statement = f"copy staging_cases.{table} ({columns}) from stdin"
    with connection.cursor() as cursor, cursor.copy(statement.encode()) as copy:
        for row in rows:
            copy.write_row(list(row))


def new_batch(connection: psycopg.Connection[Any], rows: int) -> int:
    """The number of a new commit of the loader."""
    row: tuple[int] = connection.execute(_BATCH, [uuid.uuid4(), SOURCE, STREAM, rows, rows]).fetchone()  # type: ignore[assignment]
    return row[0]


def record_row(number: int, record: Record) -> list[Any]:
    """A record as the dbt project reads it, less its batch."""
    pairs = [[kind, named(number, value)] for kind, value in sorted(record.identifiers)]
    first_loaded = _BEGINNING + timedelta(seconds=record.first_loaded)
    return [
        str(number), record.key, named(number, record.business), record.name, json.dumps(pairs) if pairs else None,
        first_loaded,
    ]  # fmt: skip


def blocked_rows(number: int, world: World, rules: Rules) -> Iterator[tuple[str, str]]:
    """The block list of a world, as far as somebody there holds a value of it."""
    held = {identifier for record in world.records for identifier in record.identifiers}
    for kind, value in held & rules.blocked:
        yield kind, named(number, value)


def decision_rows(number: int, world: World) -> Iterator[tuple[Any, ...]]:
    """The decisions of a world as rows of `ops.merge_decisions`."""
    nothing = None
    for field, decision in (("same", "same_person"), ("different", "different_people")):
        for one, other in getattr(world, field):
            yield decision, nothing, record_key(number, one), record_key(number, other), nothing, nothing, nothing
    for key, kind, value in world.not_theirs:
        yield "not_theirs", nothing, record_key(number, key), nothing, kind, named(number, value), nothing
    for decision in ("shared", "blocked"):
        for kind, value in getattr(world, decision):
            yield decision, nothing, nothing, nothing, kind, named(number, value), nothing
    for business, kind, value in world.later:
        yield "later", named(number, business), nothing, nothing, kind, named(number, value), _FAR


def record_key(number: int, key: str) -> str:
    """The key of a world's record."""
    return f"{SOURCE}:{STREAM}:{number}:{key}"


def named(number: int, name: str) -> str:
    """A name of one world, as no other world has it; the byte order within a world stays."""
    return f"{number}|{name}"


def own_name(named: str) -> str:
    """What the world itself calls it."""
    return named.partition("|")[2]
