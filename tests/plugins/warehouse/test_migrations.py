"""A database of an earlier release keeps what it holds when it is migrated."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from support.databases import drop_database, with_database
from warehouse.connection import OWNER_ROLE, connect
from warehouse.migrate import migrate, migrations

if TYPE_CHECKING:
    from collections.abc import Iterator

BEFORE_DECISIONS = 5
RECORD, OTHER, VALUE = {"record_key": "a"}, {"other_record_key": "b"}, {"kind": "email", "value": "ana@x.mx"}


@pytest.fixture
def earlier(server: str) -> Iterator[psycopg.Connection[Any]]:
    """A database as a release before decisions left it, with a publish."""
    name = f"test_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(server, autocommit=True) as admin:
        admin.execute(f'create database "{name}"')
        if admin.execute("select 1 from pg_roles where rolname = %s", [OWNER_ROLE]).fetchone():
            admin.execute(f'grant create on database "{name}" to {OWNER_ROLE}')  # `0001_roles` gives it with the role
        with connect(with_database(server, name), application="tests") as connection:
            for migration in migrations()[:BEFORE_DECISIONS]:
                connection.execute(migration.sql)
                row = [migration.number, migration.name]
                connection.execute("insert into ops.schema_migrations (number, name) values (%s, %s)", row)
            connection.execute("insert into ops.publishes (invocation_id) values (gen_random_uuid())")
            yield connection
        drop_database(admin, name)


def test_an_earlier_publish_stays_and_nothing_is_held(earlier: psycopg.Connection[Any]) -> None:
    assert migrate(earlier) == [migration.name for migration in migrations()[BEFORE_DECISIONS:]]
    publishes = earlier.execute("select kind, mode, rules_version, rolled_back_by from ops.publishes").fetchall()
    assert publishes == [("publish", None, None, None)]
    assert earlier.execute("select is_held, reason from ops.publish_hold").fetchall() == [(False, None)]


@pytest.mark.parametrize(
    ("decision", "columns", "is_whole"),
    [
        ("same_person", {**RECORD, **OTHER}, True),
        ("same_person", RECORD, False),
        ("different_people", {**RECORD, **OTHER, "business": "main"}, True),
        ("different_people", {**RECORD, **OTHER, **VALUE}, False),
        ("not_theirs", {**RECORD, **VALUE}, True),
        ("not_theirs", VALUE, False),
        ("shared", VALUE, True),
        ("blocked", {**VALUE, "business": "main"}, False),
        ("pinned", {**RECORD, "field": "name"}, True),
        ("pinned", RECORD, False),
        ("preferred", {"field": "name", "pattern": "%"}, True),
        ("preferred", {"field": "name"}, False),
        ("later", {**VALUE, "business": "main", "until": "2027-01-01"}, True),
        ("later", {**VALUE, "until": "2027-01-01"}, False),
        ("maybe", {**RECORD, **OTHER}, False),
    ],
)
def test_a_decision_has_the_columns_of_its_kind(
    database_url: str, decision: str, columns: dict[str, str], is_whole: bool
) -> None:
    names, values = ["decision", *columns], [decision, *columns.values()]
    statement = f"insert into ops.merge_decisions ({', '.join(names)}) values ({', '.join(['%s'] * len(values))})"
    with connect(database_url, application="tests") as connection:
        if is_whole:
            connection.execute(statement, values)
        else:
            with pytest.raises(psycopg.errors.CheckViolation):
                connection.execute(statement, values)


def test_one_change_of_a_rule_stands_and_there_is_one_hold(database_url: str) -> None:
    change = "insert into ops.rule_overrides (seed, key) values ('identity_rules', '{\"kind\": \"email\"}')"
    with connect(database_url, application="tests") as connection:
        connection.execute(change)
        with pytest.raises(psycopg.errors.UniqueViolation):
            connection.execute(change)
        connection.execute("update ops.rule_overrides set withdrawn_at = now()")
        connection.execute(change)
        with pytest.raises(psycopg.errors.UniqueViolation):
            connection.execute("insert into ops.publish_hold default values")
        with pytest.raises(psycopg.errors.CheckViolation):
            connection.execute("update ops.publish_hold set is_held = true")
