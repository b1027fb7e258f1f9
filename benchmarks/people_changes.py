"""What happens to a world of people afterwards, and worlds that are hard to resolve."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

from warehouse.connection import connect

from benchmarks.people import World, batches, count, count_batch, describe, stage
from benchmarks.people_rows import SQL, STREAMS, Rows

if TYPE_CHECKING:
    import psycopg

CHANGED = ("staging_ghl.contacts", "staging_manychat.subscribers", "staging_csv.imports")
NEW, UPDATED, DELETED = 0.3, 0.6, 0.1
_CHOSEN = """
with chosen as (
    select
        account,
        id,
        bench.draw(hashtextextended(id, 1), {salt}, 3) as turn,
        bench.draw(hashtextextended(id, 2), {salt}, 10) as luck,
        bench.draw(hashtextextended(id, 3), {salt}, {people}) as person
    from {table}
    where bench.draw(hashtextextended(id, 0), {salt}, 1000000) between {first} and {last} and _deleted_at is null
)
"""
_UPDATE = (
    _CHOSEN
    + """, told as (
    select
        chosen.*,
        people.given,
        case when luck < 3 then people.email else 'nueva.' || md5(chosen.id) || '@correo.mx' end as email,
        case
            when luck < 3 then people.phone
            else '+5281' || lpad((chosen.person * 7919 % 100000000)::text, 8, '0')
        end as phone
    from chosen
    inner join bench.people as people on chosen.person = people.person
)
update {table} as kept set
    record = kept.record || jsonb_build_object(
        coalesce(
            (
                select key
                from unnest(case told.turn
                    when 0 then array['first_name', 'firstName', 'Nome', 'First Name']
                    when 1 then array['email', 'Customer Email', 'Email']
                    else array['phone', 'Telefone', 'Phone']
                end) as key
                where kept.record ? key
                limit 1
            ),
            'Note'
        ),
        case told.turn when 0 then told.given when 1 then told.email else told.phone end
    ),
    phones = case when told.turn = 2 and kept.phones <> '[]' then jsonb_build_array(told.phone) else kept.phones end,
    updated_at = kept.updated_at + interval '1 year',
    _loaded_at = clock_timestamp(),
    _batch_id = {batch},
    _run_id = '{run}'
from told
where kept.account = told.account and kept.id = told.id
"""
)
_DELETE = (
    _CHOSEN
    + """
update {table} as kept set
    _deleted_at = clock_timestamp(),
    _loaded_at = clock_timestamp(),
    _batch_id = {batch},
    _run_id = '{run}'
from chosen
where kept.account = chosen.account and kept.id = chosen.id
"""
)


def change(connection: psycopg.Connection[Any], percent: float) -> int:
    """Change so many of the world's records in new batches, each call others, and return how many.

    Of them 30 % are new, 60 % have another name, e-mail or phone (some of these somebody else's), 10 % are deleted.
    """
    row = connection.execute("select records, seed, (select count(*) from ops.batches) from bench.world").fetchone()
    if row is None:
        raise RuntimeError("There is no world of people here: fill the database first.")
    world, salt = World(row[0], row[1]), row[1] * 1000 + row[2]
    changed = sum(_more(connection, world, rows, percent) for rows in STREAMS)
    million = round(percent * 10_000)
    updated = round(million * UPDATED)
    for table in CHANGED:
        changed += _touch(connection, world, table, _UPDATE, salt, 0, updated - 1)
        changed += _touch(connection, world, table, _DELETE, salt, updated, updated + round(million * DELETED) - 1)
    return changed


def _more(connection: psycopg.Connection[Any], world: World, rows: Rows, percent: float) -> int:
    wanted = max(1, round(world.records * rows.share * NEW * percent / 100))
    condition = f" where id like '{rows.name}:%'" if rows.is_file else ""
    present = count(connection, rows.table + condition)
    stage(connection, world, rows, present, present + wanted)
    return count(connection, rows.table + condition) - present


def _touch(
    connection: psycopg.Connection[Any], world: World, table: str, statement: str, salt: int, first: int, last: int
) -> int:
    run = uuid.uuid5(uuid.NAMESPACE_OID, f"{table} {salt} {first}")
    batch = batches(connection, table, 1, run)
    people = world.constants["people"]
    words = statement.format(table=table, salt=salt, first=first, last=last, people=people, batch=batch, run=run)
    changed = connection.execute(words).rowcount  # type: ignore[arg-type]
    count_batch(connection, batch, changed=changed)
    return changed


_MAPPING = {"Name": "full_name", "Email": "email", "Phone": "phone", "Customer": "stripe_customer_id"}
_PHONE = "'+5255' || lpad(({}::bigint * 7919 % 100000000)::text, 8, '0')"
_ORDINARY = {
    "name": "'Ana ' || n / 2 % 900",
    "email": "case when n % 5 < 4 then 'ana' || n / 2 || '@correo.mx' else '' end",
    "phones": f"array[{_PHONE.format('(n / 3)')}]",
    "customer": "case when n % 50 = 0 then 'cus_' || n / 100 else '' end",
}
HARD: dict[str, dict[str, str]] = {
    "ordinary": {},
    "one_phone": {"phones": "array['+525512345678']"},
    "no_emails": {"email": "''"},
    "one_email": {
        "name": "'Ana'",
        "email": "case when n < least(50000, {rows} / 2) then 'ana@correo.mx' else 'ana' || n || '@correo.mx' end",
    },
    "one_value": {"customer": "'cus_everybody'"},
    "chain": {
        "name": "''",
        "email": "''",
        "customer": "''",
        "phones": f"array[{_PHONE.format('n')}, {_PHONE.format('(n + 1)')}]",
    },
}
"""Cells of CSV rows where they differ from the ordinary ones.

`one_phone`: every record has it, under many names. `one_email`: 50,000 have it, under one name. `one_value`: an id
that nothing limits joins all. `chain`: each record shares a phone with the one before and another with the one after.
"""
_HARD = """
insert into staging_csv.imports (account, id, record, phones, origin, _first_loaded_at, _loaded_at, _run_id, _batch_id)
select
    'main',
    'hard:' || n,
    jsonb_build_object(
        'Name', {name}, 'Email', {email}, 'Phone', array_to_string({phones}, ' '), 'Customer', {customer},
        'Note', repeat('nota ', 60)
    ),
    to_jsonb({phones}),
    jsonb_build_object('file', '{file}', 'path', 'hard.csv', 'line', n + 2),
    timestamptz '2026-05-01 00:00:00+00' + make_interval(secs => n),
    timestamptz '2026-05-01 00:00:00+00' + make_interval(secs => n),
    '{run}',
    {batch} + n / 4000
from generate_series(0, {rows} - 1) as n
"""


def fill_hard(url: str, case: str, rows: int) -> None:
    """Stage so many CSV rows of a hard case, or of the ordinary one it is compared with, in a migrated database."""
    run = uuid.uuid5(uuid.NAMESPACE_OID, case)
    kind = Rows("staging_csv.imports", "hard", 1, "n", "n", 100, 100, _MAPPING)
    cells = {name: cell.format(rows=rows) for name, cell in (_ORDINARY | HARD[case]).items()}
    with connect(url, application="people") as connection:
        connection.execute(SQL["people"].format(**World(rows).constants))
        file = describe(connection, kind, run)
        batch = batches(connection, kind.table, rows, run)
        connection.execute(_HARD.format(file=file, run=run, batch=batch, rows=rows, **cells))
        connection.execute("vacuum analyze staging_csv.imports")
