"""Migrations, ownership, and the lease that lets one writer in."""

from __future__ import annotations

import os
import subprocess
import sys
import uuid

import psycopg
import pytest
from support.databases import drop_database, with_database
from warehouse.address import libpq_environment, with_search_path, without_password
from warehouse.connection import OWNER_ROLE, connect
from warehouse.lease import LeaseHeldError, LeaseLostError, acquire, machine, process_started
from warehouse.migrate import migrate, migrations


def test_migrating_again_applies_nothing(database_url: str) -> None:
    with connect(database_url, application="tests") as connection:
        assert migrate(connection) == []
        rows = connection.execute("select number from ops.schema_migrations order by number").fetchall()
    assert [row[0] for row in rows] == [migration.number for migration in migrations()]


def test_a_second_database_of_the_server_is_migrated_too(server: str, template: str) -> None:
    assert template
    name = f"test_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(server, autocommit=True) as admin:
        admin.execute(f'create database "{name}"')
        with connect(with_database(server, name), application="tests") as connection:
            assert migrate(connection) == [migration.name for migration in migrations()]
        drop_database(admin, name)


def test_a_copied_database_gets_its_rights_back(database_url: str) -> None:
    with connect(database_url, application="tests") as connection:
        name = connection.info.dbname
        connection.execute("reset role")
        connection.execute(f'revoke create on database "{name}" from {OWNER_ROLE}')
    with connect(database_url, application="tests") as connection:
        migrate(connection)
        connection.execute("create schema staging_new")


def test_a_newer_database_is_refused(database_url: str) -> None:
    with connect(database_url, application="tests") as connection:
        connection.execute("insert into ops.schema_migrations (number, name) values (9999, 'future')")
        with pytest.raises(RuntimeError, match="update this checkout"):
            migrate(connection)


def test_everything_belongs_to_the_group_role_and_public_stays_empty(database_url: str) -> None:
    with connect(database_url, application="tests") as connection:
        owners = connection.execute(
            "select distinct pg_get_userbyid(relowner) from pg_class join pg_namespace as n on n.oid = relnamespace"
            " where nspname in ('ops', 'staging_csv') and relkind in ('r', 'v', 'S')"
        ).fetchall()
        in_public = connection.execute("select count(*) from pg_tables where schemaname = 'public'").fetchone()
    assert owners == [(OWNER_ROLE,)]
    assert in_public == (0,)


def test_a_second_writer_is_told_who_holds_the_source(database_url: str) -> None:
    with connect(database_url, application="tests") as connection:
        acquire(connection, "staging_csv", uuid.uuid4())
        with pytest.raises(LeaseHeldError, match=f"process {os.getpid()} on "):
            acquire(connection, "staging_csv", uuid.uuid4())
        acquire(connection, "staging_ghl", uuid.uuid4())


def test_a_silent_writer_is_replaced_and_cannot_commit(database_url: str) -> None:
    with connect(database_url, application="tests") as connection:
        old = acquire(connection, "staging_csv", uuid.uuid4())
        connection.execute("update ops.leases set heartbeat_at = heartbeat_at - interval '31 seconds'")
        new = acquire(connection, "staging_csv", uuid.uuid4())
        assert new.fence == old.fence + 1
        with pytest.raises(LeaseLostError):
            old.hold(connection)
        old.beat(connection)
        old.release(connection)
        new.hold(connection)


def test_a_dead_process_of_this_machine_is_replaced_at_once(database_url: str) -> None:
    child = subprocess.run([sys.executable, "-c", "import os; print(os.getpid())"], capture_output=True, check=True)
    with connect(database_url, application="tests") as connection:
        acquire(connection, "staging_csv", uuid.uuid4())
        connection.execute("update ops.leases set pid = %s", [int(child.stdout)])
        assert acquire(connection, "staging_csv", uuid.uuid4()).fence == 2


def test_a_released_lease_is_free(database_url: str) -> None:
    with connect(database_url, application="tests") as connection:
        acquire(connection, "staging_csv", uuid.uuid4()).release(connection)
        assert acquire(connection, "staging_csv", uuid.uuid4()).fence == 2


def test_the_machine_and_its_processes_have_names() -> None:
    assert machine() == machine()
    assert process_started(os.getpid())
    assert process_started(2**22 + 1) is None


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        (
            "postgresql://ana:p%40ss@db.example.com:6543/shop?sslmode=require",
            {
                "PGHOST": "db.example.com",
                "PGPORT": "6543",
                "PGUSER": "ana",
                "PGPASSWORD": "p@ss",
                "PGDATABASE": "shop",
                "PGSSLMODE": "require",
            },
        ),
        ("postgresql:///shop", {"PGHOST": "127.0.0.1", "PGPORT": "5432", "PGDATABASE": "shop", "PGSSLMODE": "prefer"}),
    ],
)
def test_libpq_environment(url: str, expected: dict[str, str]) -> None:
    assert libpq_environment(url) == expected


def test_addresses_are_printed_without_the_password() -> None:
    assert without_password("postgresql://ana:secret@h:5/d?x=1") == "postgresql://ana@h:5/d"


def test_search_path_is_understood_by_the_server(database_url: str) -> None:
    with psycopg.connect(with_search_path(database_url, "meltano")) as connection:
        assert connection.execute("show search_path").fetchone() == ("meltano",)
