"""A world of people as raw rows, staged as taps and loader would, made inside the server in a minute.

`python -m benchmarks.people --url URL --records 804000` makes the database and fills it.
"""

from __future__ import annotations

import argparse
import json
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg import conninfo, sql
from warehouse.connection import connect
from warehouse.migrate import migrate

from benchmarks.people_rows import CUSTOMERS, HOTMART_EXPORT, SQL, STREAMS, SUBSCRIBERS, Rows

BATCH_ROWS = 4_000
CUSTOM_FIELDS = {"cf_stripe": "Stripe Customer ID", "cf_manychat": "ManyChat ID"}
_BATCH = """
with made as (
    insert into ops.batches (run_id, source, stream, rows_read, rows_new, rows_changed)
    select %(run)s, %(source)s, %(stream)s, least(%(size)s, %(rows)s - first), least(%(size)s, %(rows)s - first), 0
    from generate_series(0, %(rows)s - 1, %(size)s) as first
    returning batch_id
)
select min(batch_id) from made
"""
_ROW = """
insert into {table} (account, id, record, phones, _first_loaded_at, _loaded_at, _run_id, _batch_id)
values ('main', %s, %s, '[]', timestamptz '2026-05-01+00', timestamptz '2026-05-01+00', %s, %s)
"""


@dataclass(frozen=True)
class World:
    """How many records, and from which seed: the same arguments make the same rows."""

    records: int
    seed: int = 7

    @property
    def constants(self) -> dict[str, int]:
        """What the SQL of people and rows is filled in with."""
        people = max(10, self.records // 2)
        return {
            "records": self.records,
            "seed": self.seed,
            "people": people,
            "shops": max(1, people // 80_000),
            "chat_step": max(2, int(people / (self.records * SUBSCRIBERS.share * 1.2))),
            "payer_step": max(2, int(people / (self.records * CUSTOMERS.share * 1.2))),
        }

    def counts(self) -> dict[str, int]:
        """Rows of each stream, which are all records together."""
        counts = {rows.name: max(1, round(self.records * rows.share)) for rows in STREAMS}
        counts[HOTMART_EXPORT.name] += self.records - sum(counts.values())
        return counts


def fill(url: str, world: World) -> dict[str, int]:
    """Stage the world in a migrated database that has none yet; returns the rows of each table."""
    with connect(url, application="people") as connection:
        connection.execute(SQL["people"].format(**world.constants))
        _custom_fields(connection)
    with ThreadPoolExecutor(2) as workers:
        list(workers.map(lambda rows: _stage(url, world, rows), sorted(STREAMS, key=lambda rows: -rows.share)))
    with connect(url, application="people") as connection:
        tables = sorted({rows.table for rows in STREAMS})
        for table in tables:
            connection.execute(f"vacuum analyze {table}")  # type: ignore[arg-type]
        connection.execute("analyze ops.batches")
        return {table: count(connection, table) for table in tables}


def _stage(url: str, world: World, rows: Rows) -> None:
    with connect(url, application="people") as connection:
        stage(connection, world, rows, 0, world.counts()[rows.name])


def stage(connection: psycopg.Connection[Any], world: World, rows: Rows, first: int, last: int) -> None:
    """Insert the rows with these numbers, in batches of their own and, of a CSV file, with its description."""
    salt = world.seed * 1000 + 20 * STREAMS.index(rows)
    constants = {**world.constants, "salt": salt}
    run = uuid.uuid5(uuid.NAMESPACE_OID, f"{world} {rows.name} {first}")
    origin, key = "null::jsonb", rows.id
    if rows.is_file:
        file = describe(connection, rows, run)
        origin = f"jsonb_build_object('file', '{file}', 'path', '{rows.name}.csv', 'line', n - {first} + 2)"
        key = f"'{rows.name}:' || {rows.id}"
    statement = SQL["rows"].format(
        table=rows.table,
        first=first,
        last=last,
        first_batch=batches(connection, rows.table, last - first, run),
        batch_rows=BATCH_ROWS,
        person=rows.person.format(**constants),
        salt=salt,
        has_email=rows.has_email,
        has_phone=rows.has_phone,
        id=key,
        created="null" if rows.is_file else "moment",
        updated="null" if rows.is_file else "moment + make_interval(hours => luck::integer)",
        record=SQL[rows.name].replace("own_key", rows.id),
        origin=origin,
        run_id=run,
    )
    connection.execute(statement)  # type: ignore[arg-type]


def batches(connection: psycopg.Connection[Any], table: str, rows: int, run: uuid.UUID) -> int:
    """Write the batches that hold so many rows, and return the first one's number; the others follow it."""
    source, _, stream = table.removeprefix("staging_").partition(".")
    values = {"run": run, "source": source, "stream": stream, "rows": rows, "size": BATCH_ROWS}
    with connection.transaction():
        connection.execute("lock table ops.batches in exclusive mode")
        row = connection.execute(_BATCH, values).fetchone()
    if row is None or row[0] is None:
        raise RuntimeError(f"no rows for {table}")
    return int(row[0])


def count_batch(connection: psycopg.Connection[Any], batch: int, *, changed: int) -> None:
    """Say of a batch that its rows were known before, and how many they are."""
    statement = "update ops.batches set rows_read = %s, rows_new = 0, rows_changed = %s where batch_id = %s"
    connection.execute(statement, [changed, changed, batch])


def describe(connection: psycopg.Connection[Any], rows: Rows, run: uuid.UUID) -> str:
    """Stage the row of `staging_csv.files` and return the file's id."""
    file = run.hex[:12]
    record = {
        "path": f"{rows.name}.csv",
        "kind": rows.name,
        "headers": list(rows.mapping),
        "mapping": rows.mapping,
        "formats": rows.formats,
    }
    batch = batches(connection, "staging_csv.files", 1, run)
    _insert(connection, "staging_csv.files", file, record, run, batch)
    return file


def _custom_fields(connection: psycopg.Connection[Any]) -> None:
    run = uuid.uuid5(uuid.NAMESPACE_OID, "custom fields")
    batch = batches(connection, "staging_ghl.custom_fields", len(CUSTOM_FIELDS), run)
    for key, name in CUSTOM_FIELDS.items():
        record = {"id": key, "name": name, "fieldKey": f"contact.{name.lower().replace(' ', '_')}", "dataType": "TEXT"}
        _insert(connection, "staging_ghl.custom_fields", key, record, run, batch)


def _insert(
    connection: psycopg.Connection[Any], table: str, key: str, record: dict[str, Any], run: uuid.UUID, batch: int
) -> None:
    connection.execute(_ROW.format(table=table), [key, json.dumps(record), run, batch])  # type: ignore[arg-type]


def count(connection: psycopg.Connection[Any], table: str) -> int:
    """Rows of a table."""
    row = connection.execute(f"select count(*) from {table}").fetchone()  # type: ignore[arg-type]
    return int(row[0]) if row else 0


def new_database(url: str, template: str = "template1") -> None:
    """Make the database of this address anew, empty or as a copy, with `ops` in its newest form.

    Raises:
        RuntimeError: there is one by this name that no world of people was made in.
    """
    name = str(conninfo.conninfo_to_dict(url)["dbname"])
    with psycopg.connect(conninfo.make_conninfo(url, dbname="postgres"), autocommit=True) as admin:
        if admin.execute("select from pg_database where datname = %s", [name]).fetchone():
            _refuse_others(url, name)
        words = [sql.Identifier(word) for word in (name, template)]
        admin.execute(sql.SQL("drop database if exists {} with (force)").format(words[0]))
        admin.execute(sql.SQL("create database {} template {}").format(*words))
    with connect(url, application="people") as connection:
        migrate(connection)


def _refuse_others(url: str, name: str) -> None:
    with psycopg.connect(url) as connection:
        row = connection.execute("select to_regclass('bench.world') is null").fetchone()
    if row is None or row[0]:
        raise RuntimeError(f"The database {name} holds no world of people and is not dropped; name another one.")


def main() -> None:
    """Make a database, fill it and say how long that took and what is in it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--url", required=True, help="the database to make; one with this name is dropped first")
    parser.add_argument("--records", type=int, default=804_000)
    parser.add_argument("--seed", type=int, default=7)
    options = parser.parse_args()
    began = time.monotonic()
    new_database(options.url)
    counts = fill(options.url, World(options.records, options.seed))
    for table, rows in counts.items():
        print(f"{table:28} {rows:>10,}")
    print(f"{sum(counts.values()):,} rows in {time.monotonic() - began:.1f} s")


if __name__ == "__main__":
    main()
