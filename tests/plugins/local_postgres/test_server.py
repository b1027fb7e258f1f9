"""What a started server is: ours, private, tuned, and up until it is stopped."""

from __future__ import annotations

import os
import stat
from concurrent.futures import ThreadPoolExecutor

import psutil
import psycopg
import pytest
from local_postgres import LocalServer, LocalServerError
from psycopg.conninfo import make_conninfo


def ask(server: LocalServer, query: str, **login: str) -> list[tuple]:
    with psycopg.connect(server.url("postgres"), **login) as connection:
        return connection.execute(query).fetchall()


def as_superuser(server: LocalServer) -> dict[str, str]:
    return {"user": "postgres", "password": (server.folder / "superuser_password").read_text()}


def test_our_role_may_make_databases_and_roles_and_is_no_superuser(running):
    query = "select rolname, rolsuper, rolcreatedb, rolcreaterole from pg_roles where rolname = current_user"
    assert ask(running, query) == [("stage_first", False, True, True)]


@pytest.mark.parametrize(
    ("login", "reason"),
    [
        ({"user": "stage_first", "password": "wrong"}, "password authentication failed"),
        ({"user": "stage_first", "password": ""}, "no password supplied"),
        ({"user": "postgres", "password": ""}, "no password supplied"),
        ({"user": "postgres", "password": "postgres"}, "password authentication failed"),
        ({"user": "root", "password": "root"}, "password authentication failed"),
    ],
)
def test_nobody_comes_in_without_the_password(running, login, reason):
    with pytest.raises(psycopg.OperationalError, match=reason):
        psycopg.connect(make_conninfo(running.url("postgres"), passfile="/nonexistent", **login))


def test_every_line_of_the_access_rules_asks_for_scram(running):
    rules = ask(running, "select distinct auth_method from pg_hba_file_rules", **as_superuser(running))
    assert rules == [("scram-sha-256",)]


def test_it_listens_on_the_loopback_address_only(running, postmasters_of):
    (postmaster,) = postmasters_of(running)
    listening = {found.laddr for found in postmaster.net_connections("all") if found.status == psutil.CONN_LISTEN}
    unix = [found for found in postmaster.net_connections("unix") if found.laddr]
    assert listening == {("127.0.0.1", running.port)}
    assert unix == []


def test_passwords_and_folder_are_private(running):
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in running.folder.iterdir()}
    assert modes == {
        "data": 0o700,
        "lock": 0o600,
        "password": 0o600,
        "server.log": 0o600,
        "superuser_password": 0o600,
    }
    assert stat.S_IMODE(running.folder.stat().st_mode) == 0o700


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("fsync", "on"),
        ("synchronous_commit", "on"),
        ("data_checksums", "on"),
        ("jit", "off"),
        ("wal_level", "minimal"),
        ("checkpoint_timeout", "15min"),
        ("max_connections", "100"),
        ("server_encoding", "UTF8"),
        ("timezone", "UTC"),
        ("log_timezone", "UTC"),
    ],
)
def test_settings_are_in_force(running, setting, value):
    assert ask(running, f"show {setting}") == [(value,)]


def test_our_file_of_settings_has_no_mistake(running):
    broken = ask(running, "select * from pg_file_settings where error is not null", **as_superuser(running))
    assert broken == []


def test_the_owner_makes_the_search_extension_which_knows_letters_with_accents(running):
    running.ensure_database("search")
    with psycopg.connect(running.url("search")) as connection:
        connection.execute("create extension pg_trgm")
        assert connection.execute("select similarity('ñandú', 'ÑANDÚ')").fetchone() == (1.0,)
        assert connection.execute("select cardinality(show_trgm('éè'))").fetchone() == (3,)


def test_a_second_start_does_nothing(running, postmasters_of):
    before = postmasters_of(running)
    running.start()
    assert postmasters_of(running) == before
    assert running.is_running()


def test_the_server_is_not_the_drivers_child(running, postmasters_of):
    (postmaster,) = postmasters_of(running)
    assert postmaster.pid not in [child.pid for child in psutil.Process().children(recursive=True)]
    assert os.getsid(postmaster.pid) != os.getsid(0)


@pytest.mark.parametrize("name", ["plain", "With Capitals", 'quo"te', "ñandú"])
def test_a_database_is_made_once_and_is_ours(running, name):
    for _ in range(2):
        running.ensure_database(name)
    with psycopg.connect(running.url("postgres")) as connection:
        owner = connection.execute("select datdba::regrole::text from pg_database where datname = %s", [name])
        assert owner.fetchall() == [("stage_first",)]


def test_two_may_want_the_same_database_at_once(running):
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(running.ensure_database, ["wanted"] * 4)) == [None] * 4


def test_a_server_with_no_room_for_another_login_still_runs(existing):
    existing.start()
    with psycopg.connect(existing.url("postgres"), **as_superuser(existing), autocommit=True) as connection:
        connection.execute("alter system set max_connections = 4")
        connection.execute("alter system set superuser_reserved_connections = 3")
    existing.stop()
    existing.start()
    with psycopg.connect(existing.url()):
        assert existing.is_running()


def test_stop_and_start_keep_the_data(existing, processes_of):
    existing.start()
    existing.stop()
    existing.stop()
    assert not existing.is_running()
    assert processes_of(existing) == []
    existing.start()
    with psycopg.connect(existing.url()) as connection:
        assert connection.execute("select id from kept").fetchall() == [("before",)]


def test_what_was_never_started_is_stopped_and_has_no_address(make_server):
    server = make_server()
    server.stop()
    assert not server.folder.exists()
    assert not server.is_running()
    with pytest.raises(LocalServerError, match="local-postgres start"):
        server.url()


def test_a_database_of_a_stopped_server_is_refused_with_the_next_step(existing):
    with pytest.raises(LocalServerError, match="local-postgres start"):
        existing.ensure_database("any")
